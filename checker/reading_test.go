package checker

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"derail/checker/history"
)

// ended is, for every grant in order, the epoch and the record at which it was known to be over.
func ended(r *Reading) string {
	var all []string
	for _, g := range r.grants {
		end := fmt.Sprint(g.end)
		if g.end == never {
			end = "open"
		}
		all = append(all, fmt.Sprintf("%s %s:%d-%s", r.job(g.job), r.process(g.process), g.epoch, end))
	}
	return strings.Join(all, " ")
}

func TestGrants(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"open", "A claim j e=1", "j A:1-open"},
		{"lease end", "A claim j e=1\nstore lease_end j e=1", "j A:1-5"},
		{"the end of another epoch", "A claim j e=2\nstore lease_end j e=1", "j A:2-open"},
		{"the end of another job", "A claim j e=1\nstore lease_end i e=1", "j A:1-open"},
		{"abandoned", "A claim j e=1\nA abandon j e=1", "j A:1-6"},
		{"an abandon under way", "A claim j e=1\nA abandon? j e=1", "j A:1-open"},
		{"abandoned by another", "A claim j e=1\nB abandon j e=1", "j A:1-open"},
		{"the first end counts", "A claim j e=1\nstore lease_end j e=1\nA consume j e=1", "j A:1-5"},
		{"superseded", "A claim j e=1\nB claim j e=2", "j A:1-6 j B:2-open"},
		{"several superseded", "A claim j e=1\nB claim j e=1\nC claim j e=3", "j A:1-8 j B:1-8 j C:3-open"},
		{"late", "A claim? j\nstore lease_end j e=1\nA claim! j e=1", "j A:1-5"},
		{"later than the next", "A claim? j\nB claim j e=2\nA claim! j e=1", "j B:2-open j A:1-6"},
		{
			"later than the next, which is over",
			"A claim? j\nB claim j e=2\nB crash\nA claim! j e=1", "j B:2-6 j A:1-7",
		},
		{"crashed", "A claim j e=1\nA claim k e=1\nB claim l e=1\nA crash", "j A:1-9 k A:1-9 l B:1-open"},
		{"a crash before", "A crash\nA claim j e=1", "j A:1-open"},
		{"adopted", "A claim? j\nA claim~ j\nA claim j e=1 reason=adopted", "j A:1-open"},
		{"adopted although known", "A claim j e=1\nA claim j e=1 reason=adopted", "j A:1-open"},
		{"adopted by another", "A claim j e=1\nB claim j e=1 reason=adopted", "j A:1-open j B:1-open"},
		{"failed", "A claim? j\nA claim- j", ""},
		{"unknown", "A claim? j\nA claim~ j", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Read(told(t, "client post j\n"+c.text))
			if r.malformed != "" {
				t.Fatal(r.malformed)
			}
			if got := ended(r); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestBoards asks that the marks of each job are its operations that may have happened, in order.
func TestBoards(t *testing.T) {
	for seed := range uint64(300) {
		chance := seeded(seed)
		h := newTown(roughly(chance), chance).run()
		r := Read(h)
		for job := range h.Jobs {
			var want, got []int
			for _, a := range operations(h, history.JobID(job), 0) {
				if a.may() {
					want = append(want, a.called)
				}
				if a.ok() {
					want = append(want, a.completed)
				}
			}
			for at := range leaseEnds(h, history.JobID(job)) {
				want = append(want, at)
			}
			slices.Sort(want)
			for _, m := range r.boardOf(job) {
				o := &r.ops[m>>1]
				if m&1 == 0 {
					got = append(got, int(o.invoke))
				} else {
					got = append(got, int(o.done))
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, job %d: %v, want %v", seed, job, got, want)
			}
		}
	}
}

// TestSubjects asks that moves find their subject, whatever the order in which subjects move.
func TestSubjects(t *testing.T) {
	chance := seeded(5)
	recorder := history.NewRecorder(history.Header{})
	process := recorder.Process("A")
	type key struct {
		job  history.JobID
		name string
	}
	var want []key
	for range 3000 {
		k := key{
			recorder.Job(fmt.Sprint("job-", chance(7))),
			[]string{"flow", "job", "a", "b", "c", "d", "", "A"}[chance(8)],
		}
		want = append(want, k)
		recorder.Append(history.Record{
			Type: history.Event, Kind: history.Move, Process: process, Job: k.job, Subject: k.name,
		})
	}
	r := Read(recorder.History())
	if len(r.subjects) != 7*8 {
		t.Errorf("%d subjects, want %d", len(r.subjects), 7*8)
	}
	for i, s := range r.steps {
		subject := r.subjects[s.subject]
		if (key{subject.job, subject.name}) != want[i] || s.kind != subjectKindOf(history.Move, subject.name) {
			t.Fatalf("step %d is %+v, want %+v", i, subject, want[i])
		}
	}
}

// TestCounts asks for what run.happened counts.
func TestCounts(t *testing.T) {
	r := Read(told(t, `
		client post? i
		client post~ i
		client post j
		client post? k
		client post- k
		A claim? j
		A claim~ j
		B claim j e=1
		C claim? j
		C claim- j
		nemesis fault
		nemesis pause
		A crash
		nemesis heal
		store final i gone
		store final j claimed
		store final j claimed
	`))
	got := []int{r.posted, r.maybePosted, r.claimed, r.maybeHad, r.faults, int(r.heal), r.finals}
	if want := []int{1, 2, 1, 2, 3, 16, 2}; !slices.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}
