package checker

import (
	"fmt"
	"slices"
	"testing"

	"derail/checker/history"
)

// workshop is a board whose conductors go by a rule, one millisecond after the other: the most urgent job first,
// then the oldest, at once when its rest is over. A bad habit makes them break a promise.
type workshop struct {
	*history.Recorder
	chance     func(int) int
	habit      string
	at         int64
	jobs       []*order
	conductors []*smith
	client     history.ProcessID
}

// order is a job of a workshop.
type order struct {
	id       history.JobID
	urgency  int32
	epoch    int64
	attempts int32
	free     bool
	rests    int64
}

// smith is a conductor: it works on one job at a time, until a time.
type smith struct {
	process history.ProcessID
	job     *order
	until   int64
	down    int64 // it is dead until then
}

const millisecond = 1_000_000

// worked is the history of a workshop, with faults that have an end in its first half.
func worked(chance func(int) int, habit string) *history.History {
	w := &workshop{Recorder: history.NewRecorder(history.Header{
		ClaimWithin: 20 * millisecond, Slots: 1, Overtaken: 2,
	}), chance: chance, habit: habit}
	w.client = w.Process("client")
	for n := range 1 + chance(3) {
		w.conductors = append(w.conductors, &smith{process: w.Process(fmt.Sprint("conductor-", n+1))})
	}
	heal := int64(0)
	if chance(2) == 0 {
		heal = int64(chance(200)) * millisecond
	}
	for ; w.at < 600*millisecond; w.at += millisecond {
		if w.at == heal && heal > 0 {
			w.tell(history.Record{Kind: history.Heal, Process: history.None, Job: history.None})
		}
		if w.chance(12) == 0 {
			w.post()
		}
		for _, c := range w.conductors {
			w.work(c, w.at < heal)
		}
	}
	return w.History()
}

func (w *workshop) tell(rec history.Record) int64 {
	rec.At, rec.Type = w.at, history.Event
	return w.Append(rec)
}

// do is an operation that happens at once. Sometimes nobody hears of it.
func (w *workshop) do(rec history.Record, trouble bool) (known bool) {
	rec.At, rec.Type = w.at, history.Invoke
	call := rec
	call.Attempt = 0
	if rec.Kind == history.Claim {
		call.Epoch = 0
	}
	rec.Call, rec.Type = w.Append(call), history.OK
	if known = !trouble || w.chance(4) > 0; !known {
		rec = call
		rec.Call, rec.Type = int64(len(w.History().Records)), history.Info
	}
	w.Append(rec)
	return known
}

func (w *workshop) post() {
	j := &order{id: w.Job(fmt.Sprint("job-", len(w.jobs)+1)), urgency: int32(w.chance(2)), free: true}
	w.jobs = append(w.jobs, j)
	w.do(history.Record{Kind: history.Post, Process: w.client, Job: j.id, N: j.urgency}, false)
}

// work lets a conductor do what it has to do now.
func (w *workshop) work(c *smith, trouble bool) {
	switch {
	case c.down > w.at:
		return
	case c.down > 0:
		c.down = 0
		w.tell(history.Record{Kind: history.Start, Process: c.process, Job: history.None})
	case trouble && w.chance(40) == 0:
		w.tell(history.Record{Kind: history.Crash, Process: c.process, Job: history.None})
		if j := c.job; j != nil {
			w.tell(history.Record{Kind: history.LeaseEnd, Process: history.None, Job: j.id, Epoch: j.epoch})
			j.free, j.rests = true, 0
		}
		*c = smith{process: c.process, down: w.at + int64(1+w.chance(30))*millisecond}
		return
	}
	switch {
	case c.job != nil && w.at >= c.until:
		w.release(c)
	case c.job == nil && (!trouble || w.chance(3) == 0):
		if j := w.next(trouble); j != nil {
			w.claim(c, j, trouble)
		}
	}
}

func (w *workshop) release(c *smith) {
	j := c.job
	rec := history.Record{Kind: history.Consume, Process: c.process, Job: j.id, Epoch: j.epoch}
	if w.chance(3) == 0 {
		rec.Kind, rec.Counted, rec.Attempt, rec.N = history.Abandon, true, j.attempts, int32(w.chance(40))
		j.free, j.rests = true, w.at+int64(rec.N+1)*millisecond
	}
	w.do(rec, false)
	c.job = nil
}

func (w *workshop) claim(c *smith, j *order, trouble bool) {
	j.epoch++
	j.attempts++
	j.free = false
	rec := history.Record{
		Kind: history.Claim, Process: c.process, Job: j.id, Epoch: j.epoch, Attempt: j.attempts,
	}
	if !w.do(rec, trouble) {
		w.tell(history.Record{Kind: history.LeaseEnd, Process: history.None, Job: j.id, Epoch: j.epoch})
		j.free, j.rests = true, 0
		return
	}
	c.job, c.until = j, w.at+int64(w.chance(25))*millisecond
}

// next is the job that a conductor claims now, or nil.
func (w *workshop) next(trouble bool) *order {
	var ready []*order
	for i, j := range w.jobs {
		forgotten := w.habit == "forget" && i%5 == 0
		if j.free && !forgotten && (j.rests <= w.at || w.habit == "hurry") {
			ready = append(ready, j)
		}
	}
	switch {
	case len(ready) == 0:
		return nil
	case trouble:
		return ready[w.chance(len(ready))]
	case w.habit == "newest":
		slices.Reverse(ready)
	}
	slices.SortStableFunc(ready, func(a, b *order) int {
		if w.habit == "calmest" {
			return int(a.urgency - b.urgency)
		}
		return int(b.urgency - a.urgency)
	})
	return ready[0]
}

// TestSchedules asks that what goes by the rule is accepted, whatever goes wrong before the heal, and that each
// bad habit is found by the property that it breaks.
func TestSchedules(t *testing.T) {
	habits := map[string]string{
		"": "", "forget": "claim.prompt", "newest": "overtake.bounded", "calmest": "priority.kept",
		"hurry": "backoff.kept",
	}
	for habit, property := range habits {
		t.Run(habit, func(t *testing.T) {
			found, checked := 0, 0
			for seed := range uint64(400) {
				h := worked(seeded(seed), habit)
				report := Check(h)
				if habit != "" {
					if v, _ := report.Verdict(property); v.Outcome == Invalid {
						found++
					}
					continue
				}
				for _, name := range []string{
					"claim.prompt", "overtake.bounded", "priority.kept", "backoff.kept", "claim.linearizable",
				} {
					v, _ := report.Verdict(name)
					if checked += v.Checked; v.Outcome != Valid {
						t.Fatalf("seed %d: %+v\n%s", seed, v, dump(h))
					}
				}
			}
			t.Logf("found %d times, %d things were looked at", found, checked)
			if habit != "" && found < 100 || habit == "" && checked < 40_000 {
				t.Errorf("found %d times, %d things were looked at", found, checked)
			}
		})
	}
}
