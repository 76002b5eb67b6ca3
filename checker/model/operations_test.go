package model

import (
	"math/rand/v2"
	"testing"

	"github.com/anishathalye/porcupine"

	"derail/checker/history"
)

// pen writes small histories down.
type pen struct{ *history.Recorder }

func newPen() pen { return pen{history.NewRecorder(history.Header{})} }

func (p pen) invoke(process string, kind history.Kind, job string) int64 {
	return p.Append(history.Record{
		Type: history.Invoke, Kind: kind, Process: p.Process(process), Job: p.Job(job),
	})
}

// end completes the operation of the invoke.
func (p pen) end(outcome history.Type, call, epoch int64, reason string) int64 {
	rec := p.History().Records[call-1]
	rec.Type, rec.Call, rec.Epoch, rec.Reason = outcome, call, epoch, reason
	return p.Append(rec)
}

func (p pen) leaseEnd(job string, epoch int64) int64 {
	return p.Append(history.Record{
		Type: history.Event, Kind: history.LeaseEnd, Process: history.None, Job: p.Job(job), Epoch: epoch,
	})
}

func (p pen) done(process string, kind history.Kind, job string, epoch int64) {
	p.end(history.OK, p.invoke(process, kind, job), epoch, "")
}

func inputs(ops []porcupine.Operation) []Op {
	var list []Op
	for _, op := range ops {
		list = append(list, op.Input.(Op))
	}
	return list
}

func TestOperations(t *testing.T) {
	p := newPen()
	p.done("client", history.Post, "j", 0)                   // 1, 2
	lost := p.invoke("a", history.Claim, "j")                // 3
	held := p.invoke("b", history.Claim, "j")                // 4
	p.end(history.Fail, held, 0, history.ClaimHeld)          // 5
	p.end(history.Info, lost, 0, "")                         // 6
	adopt := p.invoke("a", history.Claim, "j")               // 7
	p.end(history.OK, adopt, 1, history.ClaimAdopted)        // 8
	vague := p.invoke("a", history.Claim, "j")               // 9
	p.Recorder.History().Records[vague-1].Reason = "adopted" // nothing that could have happened
	p.done("client", history.Post, "other", 0)               // 10, 11
	p.Append(history.Record{                                 // 12
		Type: history.OK, Kind: history.Save, Process: p.Process("a"), Job: p.Job("j"), Epoch: 1,
	})
	p.leaseEnd("j", 1)                // 13
	p.invoke("b", history.Claim, "j") // 14
	p.Append(history.Record{          // 15: of an invoke that was never there
		Type: history.OK, Kind: history.Claim, Process: p.Process("b"), Job: p.Job("j"), Call: 99,
	})
	p.end(history.Info, p.invoke("b", history.Abandon, "j"), 4, "")

	h := p.History()
	ops := Operations(h, 0)
	end := int64(len(h.Records)) + 1
	a, b, client := p.Process("a"), p.Process("b"), p.Process("client")
	want := []Op{
		{Effect: Effect{Kind: history.Post, Process: client}, Invoke: 1, Done: 2},
		{Effect: Effect{Kind: history.Claim, Process: a}, Invoke: 3, Done: 6, Unknown: true},
		{Effect: Effect{Kind: history.Claim, Process: a, Epoch: 1, Adopted: true}, Invoke: 7, Done: 8},
		{Effect: Effect{Kind: history.LeaseEnd, Process: history.None, Epoch: 1}, Invoke: 13, Done: 13},
		{Effect: Effect{Kind: history.Claim, Process: b}, Invoke: 14, Unknown: true},
		{Effect: Effect{Kind: history.Abandon, Process: b, Epoch: 4}, Invoke: 16, Done: 17, Unknown: true},
		{Invoke: end, Done: end + 1},
	}
	got := inputs(ops)
	if len(got) != len(want) {
		t.Fatalf("%d operations, want %d: %+v", len(got), len(want), got)
	}
	if ops[0].ClientId != int(client) || ops[2].ClientId != int(a) || ops[3].ClientId != len(h.Processes) {
		t.Errorf("clients %d, %d and %d", ops[0].ClientId, ops[2].ClientId, ops[3].ClientId)
	}
	clients := map[int]bool{}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("operation %d is %+v, want %+v", i, got[i], want[i])
		}
		if ops[i].Call != want[i].Invoke {
			t.Errorf("operation %d is called at %d, want %d", i, ops[i].Call, want[i].Invoke)
		}
		if want[i].Unknown {
			if ops[i].Return <= end+1 {
				t.Errorf("unknown operation %d returns at %d", i, ops[i].Return)
			}
			if clients[ops[i].ClientId] || ops[i].ClientId < len(h.Processes) {
				t.Errorf("unknown operation %d shares client %d", i, ops[i].ClientId)
			}
			clients[ops[i].ClientId] = true
		} else if ops[i].Return != want[i].Done {
			t.Errorf("operation %d returns at %d, want %d", i, ops[i].Return, want[i].Done)
		}
	}
}

func TestPartition(t *testing.T) {
	p := newPen()
	for _, job := range []string{"i", "j"} {
		p.done("client", history.Post, job, 0)
		p.done("a", history.Claim, job, 1)
	}
	h := p.History()
	all := append(Operations(h, 0), Operations(h, 1)...)
	parts := New(h).Partition(all)
	if len(parts) != 2 || len(parts[0]) != 3 || len(parts[1]) != 3 {
		t.Fatalf("parts: %+v", parts)
	}
	if !porcupine.CheckOperations(New(h), all) {
		t.Error("two good jobs are refused")
	}
	p.done("b", history.Claim, "j", 2)
	if all = append(Operations(h, 0), Operations(h, 1)...); porcupine.CheckOperations(New(h), all) {
		t.Error("a bad job is accepted")
	}
}

func TestDescriptions(t *testing.T) {
	p := newPen()
	a := p.Process("a")
	h := p.History()
	m := New(h)
	for _, c := range []struct {
		op   Op
		want string
	}{
		{Op{}, "end"},
		{Op{Effect: Effect{Kind: history.Claim, Process: a, Epoch: 3}}, "a: claim (epoch 3)"},
		{Op{Effect: Effect{Kind: history.Claim, Process: a, Adopted: true}}, "a: adopted claim"},
		{Op{Effect: Effect{Kind: history.Post, Process: a}, Unknown: true}, "a: post, outcome unknown"},
		{Op{Effect: Effect{Kind: history.LeaseEnd, Process: history.None, Epoch: 2}}, "lease_end (epoch 2)"},
	} {
		if got := m.DescribeOperation(c.op, nil); got != c.want {
			t.Errorf("%+v is %q, want %q", c.op, got, c.want)
		}
	}
	for _, c := range []struct {
		state State
		want  string
	}{
		{Start, "absent"},
		{State{Place: Claimed, Owner: a, Epoch: 2}, "claimed by a, epoch 2"},
		{State{Place: Trashed, Owner: history.None, Epoch: 2}, "trashed, epoch 2"},
	} {
		if got := m.DescribeState(c.state); got != c.want {
			t.Errorf("%+v is %q, want %q", c.state, got, c.want)
		}
	}
}

func TestHashTellsStatesApart(t *testing.T) {
	m := New(newPen().History())
	seen := map[uint64]State{}
	for place := Absent; place <= Consumed; place++ {
		for _, s := range []State{
			at(place),
			{Place: place, Epoch: 8, Owner: history.None},
			{Place: place, Epoch: 7, Owner: you},
			{Place: place, Epoch: 7, Owner: you, Over: true},
		} {
			if other, taken := seen[m.Hash(s)]; taken && other != s {
				t.Errorf("%+v and %+v have the same hash", s, other)
			}
			seen[m.Hash(s)] = s
		}
	}
}

// TestEndMarker holds porcupine, with the end marker, against a search that takes unknown operations as
// they are meant: each happens at any time after its call, or not at all.
func TestEndMarker(t *testing.T) {
	accepted, unknown := 0, 0
	for seed := range uint64(30_000) {
		h := scribble(rand.New(rand.NewPCG(seed, 11)).IntN)
		ops := Operations(h, 0)
		want := possible(Start, inputs(ops[:len(ops)-1]))
		if got := porcupine.CheckOperations(New(h), ops); got != want {
			t.Fatalf("seed %d: %v, want %v: %+v", seed, got, want, inputs(ops))
		}
		if want {
			accepted++
		}
		for _, op := range inputs(ops) {
			if op.Unknown {
				unknown++
			}
		}
	}
	if accepted < 2000 || accepted > 28_000 || unknown < 10_000 {
		t.Errorf("the test tests little: %d accepted, %d unknown operations", accepted, unknown)
	}
}

// scribble writes down up to six operations on one job, likely and unlikely ones.
func scribble(chance func(int) int) *history.History {
	p := newPen()
	p.Job("j")
	kinds := []history.Kind{
		history.Claim, history.Claim, history.Abandon, history.Abandon, history.Consume, history.Trash,
		history.Restore, history.LeaseEnd,
	}
	var open []int64
	epoch := int64(0)
	if chance(4) > 0 {
		p.done("client", history.Post, "j", 0)
	}
	for range 2 + chance(8) {
		if len(open) > 0 && chance(2) == 0 {
			i := chance(len(open))
			outcome := []history.Type{history.OK, history.OK, history.Info, history.Fail}[chance(4)]
			rec := p.History().Records[open[i]-1]
			e := int64(0)
			if rec.Kind != history.Post && chance(4) > 0 {
				e = max(epoch+int64(chance(2)), 1)
				epoch = max(epoch, e)
			}
			reason := ""
			if rec.Kind == history.Claim && chance(6) == 0 {
				reason = history.ClaimAdopted
			}
			p.end(outcome, open[i], e, reason)
			open = append(open[:i], open[i+1:]...)
			continue
		}
		switch kind := kinds[chance(len(kinds))]; kind {
		case history.LeaseEnd:
			p.leaseEnd("j", epoch)
		default:
			open = append(open, p.invoke([]string{"a", "b"}[chance(2)], kind, "j"))
		}
	}
	return p.History()
}

// possible says whether the operations can have happened from s on, in any order that respects time.
// It forgets nothing and is clever about nothing.
func possible(s State, ops []Op) bool {
	left := false
	for i, op := range ops {
		if !op.Unknown {
			left = true
		}
		first := true // nothing else had ended before it was called
		for _, other := range ops {
			if !other.Unknown && other.Done < op.Invoke {
				first = false
			}
		}
		if !first {
			continue
		}
		rest := append(append([]Op(nil), ops[:i]...), ops[i+1:]...)
		if next, ok := s.Apply(op.Effect); ok && possible(next, rest) {
			return true
		}
	}
	return !left
}
