package explain

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/checker/history"
)

// told is a history of one job, of calls that are answered at once.
type told struct{ h *history.History }

func (w *told) call(kind history.Kind, who history.ProcessID) int64 {
	w.h.Records = append(w.h.Records, history.Record{
		At: int64(len(w.h.Records)), Type: history.Invoke, Kind: kind, Process: who,
	})
	return int64(len(w.h.Records))
}

func (w *told) answer(call, epoch int64, as history.Type) int64 {
	r := w.h.Records[call-1]
	r.At, r.Call, r.Type = int64(len(w.h.Records)), call, as
	if as == history.OK {
		r.Epoch = epoch
	}
	if r.Kind == history.Claim && as == history.OK {
		r.Attempt = int32(epoch)
	}
	w.h.Records = append(w.h.Records, r)
	return int64(len(w.h.Records))
}

func newTold() *told {
	return &told{&history.History{
		Header:    history.Header{Version: history.Version},
		Processes: []string{"store", "client-1", "conductor-1", "conductor-2", "conductor-3"}, Jobs: []string{"job"},
	}}
}

// Of two claims that were granted in one epoch, with others around them, these two are told, and the answer
// to the second is the moment.
func TestTwoClaimsOfOneEpochAreTold(t *testing.T) {
	w := newTold()
	w.answer(w.call(history.Post, 1), 0, history.OK)
	first := w.call(history.Claim, 2)
	w.answer(w.call(history.Claim, 4), 0, history.Fail)
	second := w.call(history.Claim, 3)
	w.answer(first, 1, history.OK)
	moment := w.answer(second, 1, history.OK)
	w.answer(w.call(history.Consume, 2), 1, history.OK)
	u, drawing := unordered(w.h, &violation{property: linearizable, job: "job"})
	if u == nil || !slices.Equal(u.Records, []int64{first, second}) || u.UntilRecord != moment {
		t.Fatalf("told is %+v; want the calls %d and %d, until record %d", u, first, second, moment)
	}
	if u.UntilNS != w.h.Records[moment-1].At || !strings.Contains(u.Text, "conductor-2 claimed job") {
		t.Errorf("%+v", u)
	}
	if !strings.Contains(string(drawing), "<html") {
		t.Error("the drawing is no page")
	}
}

// A lease that ends after its job was consumed contradicts the consume; the claim before both does not.
func TestLeaseThatEndsTooLateIsTold(t *testing.T) {
	w := newTold()
	w.answer(w.call(history.Post, 1), 0, history.OK)
	w.answer(w.call(history.Claim, 2), 1, history.OK)
	consume := w.call(history.Consume, 2)
	w.answer(consume, 1, history.OK)
	w.h.Records = append(w.h.Records, history.Record{
		At: 100, Type: history.Event, Kind: history.LeaseEnd, Epoch: 1, Subject: "conductor-2",
	})
	u, _ := unordered(w.h, &violation{property: linearizable, job: "job"})
	if u == nil || !slices.Equal(u.Records, []int64{consume}) || u.UntilRecord != int64(len(w.h.Records)) {
		t.Fatalf("told is %+v; want the call %d, until the last record", u, consume)
	}
	if !strings.Contains(u.Text, "the lease on job (epoch 1) ended") {
		t.Error(u.Text)
	}
}

// What is told is enough to have no order, and nothing of it can be missed: forgetting any of its outcomes
// gives one. Before the moment there was one.
func TestContradictionsAreMinimal(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		w := newTold()
		w.answer(w.call(history.Post, 1), 0, history.OK)
		var open []int64
		for range rapid.IntRange(2, 14).Draw(t, "steps") {
			who := history.ProcessID(rapid.IntRange(2, 4).Draw(t, "who"))
			if len(open) > 0 && rapid.Bool().Draw(t, "answers") {
				as := rapid.SampledFrom([]history.Type{history.OK, history.OK, history.Fail, history.Info}).Draw(t, "as")
				w.answer(open[0], rapid.Int64Range(1, 3).Draw(t, "epoch"), as)
				open = open[1:]
				continue
			}
			kind := rapid.SampledFrom([]history.Kind{history.Claim, history.Claim, history.Consume}).Draw(t, "kind")
			open = append(open, w.call(kind, who))
		}
		if boardOf(w.h, 0).ordered(len(w.h.Records)) {
			return
		}
		found++
		u, _ := unordered(w.h, &violation{property: linearizable, job: "job"})
		if !boardOf(w.h, 0).ordered(int(u.UntilRecord) - 1) {
			t.Fatalf("there is no order before record %d either", u.UntilRecord)
		}
		part := *w.h
		part.Records = w.h.Records[:u.UntilRecord]
		if b := forgetting(&part, u.Records, 0); b.ordered(len(b.records)) {
			t.Fatalf("the calls %v have an order", u.Records)
		}
		for _, call := range u.Records {
			if b := forgetting(&part, u.Records, call); !b.ordered(len(b.records)) {
				t.Fatalf("of the calls %v, %d is not needed", u.Records, call)
			}
		}
	})
	if found == 0 {
		t.Error("no history had no order")
	}
}

// forgetting is the board of the only job, with the outcomes of all calls unknown but of some, one of which
// is left out.
func forgetting(h *history.History, known []int64, but int64) *board {
	b := boardOf(h, 0)
	for i := range b.history.Records {
		r := &b.history.Records[i]
		if r.Call > 0 && (r.Call == but || !slices.Contains(known, r.Call)) {
			r.Type, r.Epoch, r.Attempt = history.Info, 0, 0
		}
	}
	return b
}
