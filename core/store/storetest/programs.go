package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"derail/core/store"
)

func modelCases() []Case {
	return []Case{{Name: "model/random-programs", Check: randomPrograms}}
}

type kind uint8

const (
	commits kind = iota
	gets
	lists
	grants
	renews
	revokes
)

// step is one call of a random program. It names keys and leases by number, and revisions by how far
// they are from the right one, so that it means something wherever it comes in the program.
type step struct {
	Kind       kind
	Conditions []condition
	Changes    []change
	Number     int // the key, prefix or lease
}

type condition struct {
	Key       int
	Condition store.Condition
	Off       int
}

type change struct {
	Key    int
	Value  byte
	Lease  int // zero is none
	Delete bool
}

var (
	programKeys     = []string{"a", "a/1", "a/2", "ab", "b", "b/1", "b/1\xff"}
	programPrefixes = []string{"", "a", "a/", "b", "b/1"}
)

// steps draws the steps of a program: a list of lists, for a longer program than rapid likes to draw
// and a better way to a shorter one.
func steps(f *Fixture) *rapid.Generator[[][]step] {
	key := rapid.IntRange(0, len(programKeys)-1)
	conditions := []store.Condition{store.ChangedAt, store.Present, store.Absent}
	condition := rapid.Custom(func(t *rapid.T) condition {
		return condition{
			Key:       key.Draw(t, "key"),
			Condition: rapid.SampledFrom(conditions).Draw(t, "condition"),
			Off:       rapid.SampledFrom([]int{0, 0, 0, 0, -1, 1}).Draw(t, "off"),
		}
	})
	change := rapid.Custom(func(t *rapid.T) change {
		return change{
			Key:    key.Draw(t, "key"),
			Value:  rapid.Byte().Draw(t, "value"),
			Lease:  rapid.SampledFrom([]int{0, 0, 0, 1, 1, 1, 2, 2, 3, 99}).Draw(t, "lease"),
			Delete: rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "delete"),
		}
	})
	kinds := []kind{commits, commits, commits, commits, commits, gets, lists, grants, renews, revokes}
	one := rapid.Custom(func(t *rapid.T) step {
		s := step{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		if s.Kind == commits {
			s.Conditions = rapid.SliceOfN(condition, 0, 2).Draw(t, "if")
			s.Changes = rapid.SliceOfN(change, 0, 3).Draw(t, "then")
		} else {
			s.Number = rapid.IntRange(0, 6).Draw(t, "number")
		}
		return s
	})
	return rapid.SliceOfN(rapid.SliceOfN(one, 0, 12), 1, f.times(20))
}

// randomPrograms compares the store with the model over random programs, and shrinks one that differs.
func randomPrograms(ctx context.Context, f Fixture) error {
	run := 0
	draws := steps(&f)
	property := func(t *rapid.T) {
		run++
		program := slices.Concat(draws.Draw(t, "program")...)
		err := attempt(ctx, f, func(t *trial) { t.runProgram(fmt.Sprintf("run%d/", run), program) })
		if err != nil {
			// The same line and the same words each time: rapid shrinks only within one failure.
			t.Logf("%v", err)
			t.Fatal("the store does not do as the model")
		}
	}
	r := &recorder{name: "storetest"}
	r.record(func() { rapid.Check(r, property) })
	if r.failed {
		return errors.New(r.text.String())
	}
	return nil
}

// runProgram runs steps in a part of the store of its own.
func (t *trial) runProgram(prefix string, steps []step) {
	p := &program{mirror: t.mirror(), prefix: prefix}
	since := p.model.revision
	all, half := p.watch(prefix, since), (*tail)(nil)
	for i, s := range steps {
		if i == len(steps)/2 {
			half = p.watch(prefix+"a", since)
		}
		p.step(s)
	}
	p.same(prefix)
	for _, lease := range p.leases {
		if p.model.alive[lease] {
			p.revoke(lease)
		}
	}
	p.same(prefix)
	mark := prefix + "a, the last"
	p.do(store.Put(mark, nil))
	p.told(all, since, mark)
	if half != nil {
		p.told(half, since, mark)
	}
}

// program is a random program under way, in a part of the store of its own.
type program struct {
	*mirror
	prefix string
	leases []store.LeaseID // all that were granted, ended ones too
}

func (p *program) key(number int) string { return p.prefix + programKeys[number%len(programKeys)] }

// lease is the number-th latest lease (from one), none, or one that nobody was granted.
func (p *program) lease(number int) store.LeaseID {
	switch {
	case number == 99:
		return 1 << 40
	case number == 0 || len(p.leases) == 0:
		return 0
	default:
		return p.leases[max(len(p.leases)-number, 0)]
	}
}

func (p *program) step(s step) {
	switch s.Kind {
	case commits:
		p.commit(p.txn(s))
	case gets:
		p.sameKey(p.key(s.Number))
	case lists:
		p.same(p.prefix + programPrefixes[s.Number%len(programPrefixes)])
	case grants:
		p.leases = append(p.leases, p.grant())
	case renews:
		lease := p.lease(max(s.Number, 1))
		err := p.Store.Renew(p.ctx, lease)
		if p.model.alive[lease] {
			p.want(err == nil, "renewing a living lease: %v", err)
		} else {
			p.want(errors.Is(err, store.ErrLeaseEnded), "renewing a lease that is not there: %v", err)
		}
	case revokes:
		if len(p.leases) > 0 {
			p.revoke(p.lease(max(s.Number, 1)))
		}
	}
}

func (p *program) txn(s step) store.Txn {
	var txn store.Txn
	for _, c := range s.Conditions {
		key := p.key(c.Key)
		at := p.model.pairs[key].Changed + store.Revision(c.Off)
		txn.If = append(txn.If, store.Compare{Key: key, Condition: c.Condition, Revision: at})
	}
	for _, c := range s.Changes {
		op := store.Op{Key: p.key(c.Key), Delete: c.Delete}
		if !c.Delete {
			op.Value = []byte{c.Value}
			op.Lease = p.lease(c.Lease)
		}
		txn.Then = append(txn.Then, op)
	}
	return txn
}
