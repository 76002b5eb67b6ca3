package workload_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/kernel"
	"derail/sim/workload"
)

// office is an author and a poster, who answer as they are told to: each answer once, and then nil.
type office struct {
	lab     *lab
	creates map[string][]error // by job
	posts   map[string][]error
	log     []string
	posted  []jobboard.Posting
	details []logbook.FlowDetail
}

func (o *office) say(what, job string) {
	o.log = append(o.log, fmt.Sprintf("%v %s %s", o.lab.now(), what, job))
}

func next(answers map[string][]error, job string) error {
	if len(answers[job]) == 0 {
		return nil
	}
	err := answers[job][0]
	answers[job] = answers[job][1:]
	return err
}

func (o *office) Create(_ context.Context, book logbook.Book, flows ...logbook.FlowDetail) error {
	o.say("book", book.ID)
	o.details = append(o.details, flows...)
	return next(o.creates, book.ID)
}

func (o *office) Post(_ context.Context, p jobboard.Posting) error {
	o.say("post", p.ID)
	o.posted = append(o.posted, p)
	return next(o.posts, p.ID)
}

func group(t *testing.T, spec scenarios.Jobs) *workload.Group {
	spec.Tasks, spec.Pattern = 1, scenarios.PatternLinear
	return &compiled(t, spec).Groups[0]
}

// TestPost: the jobs of a group, each with its book before it, at their times.
func TestPost(t *testing.T) {
	l := newLab(t, benign())
	o := &office{lab: l}
	g := group(t, scenarios.Jobs{
		Name: "a", Count: 3, At: scenarios.Duration(time.Second), Every: span(500*ms, time.Second), Priority: "high",
	})
	if !l.does(func() { workload.Post(background, g, l.machine, benign(), o, o) }) {
		t.Error("it does not end")
	}
	want := []string{"1s book a-1", "1s post a-1", "1.5s book a-2", "1.5s post a-2", "2s book a-3", "2s post a-3"}
	if !slices.Equal(o.log, want) {
		t.Errorf("it did %v, want %v", o.log, want)
	}
	if p := o.posted[1]; p != (jobboard.Posting{ID: "a-2", Name: "a", Priority: jobboard.High, Book: "a-2", Flow: "a-2"}) {
		t.Errorf("it posted %+v", p)
	}
	d := o.details[2]
	if d.ID != "a-3" || d.Factory != g.Factory || len(d.Inputs) != 1 || d.Inputs[0].Value != "a-3" {
		t.Errorf("it recorded %+v", d)
	}
}

// TestPostAllAtOnce: without a distance in time, nothing is drawn that could move the others.
func TestPostAllAtOnce(t *testing.T) {
	l := newLab(t, choice.Seeded(1))
	o := &office{lab: l}
	l.does(func() {
		workload.Post(background, group(t, scenarios.Jobs{Name: "a", Count: 5}), l.machine, choice.Seeded(1), o, o)
	})
	if len(o.posted) != 5 || l.now() != 0 {
		t.Errorf("%d jobs were posted until %v", len(o.posted), l.now())
	}
}

// TestPostTriesAgain: a book until it is there, a post while it certainly is not.
func TestPostTriesAgain(t *testing.T) {
	unsure := fmt.Errorf("%w (%w)", store.ErrUnknown, store.ErrRefused) // an earlier try may have happened
	l := newLab(t, benign())
	o := &office{
		lab: l,
		creates: map[string][]error{
			"a-1": {store.ErrRefused, store.ErrUnknown, logbook.ErrExists},
			"a-2": {fmt.Errorf("wrapped: %w", logbook.ErrExists)},
		},
		posts: map[string][]error{
			"a-1": {store.ErrRefused, store.ErrRefused},
			"a-2": {unsure}, "a-3": {store.ErrUnknown}, "a-4": {jobboard.ErrExists}, "a-5": {errors.New("broken")},
		},
	}
	l.does(func() {
		workload.Post(background, group(t, scenarios.Jobs{Name: "a", Count: 5}), l.machine, benign(), o, o)
	})
	want := []string{
		"0s book a-1", "250ms book a-1", "500ms book a-1", "500ms post a-1", "750ms post a-1", "1s post a-1",
		"1s book a-2", "1s post a-2", "1s book a-3", "1s post a-3",
		"1s book a-4", "1s post a-4", "1s book a-5", "1s post a-5",
	}
	if !slices.Equal(o.log, want) {
		t.Errorf("it did %v, want %v", o.log, want)
	}
}

// TestPostEnds: the end of the context, or of the machine, ends it wherever it is.
func TestPostEnds(t *testing.T) {
	spec := scenarios.Jobs{Name: "a", Count: 3, At: scenarios.Duration(time.Second), Every: span(time.Second, time.Second)}
	trouble := make([]error, 100)
	for i := range trouble {
		trouble[i] = store.ErrRefused
	}
	for name, c := range map[string]struct {
		office office
		end    time.Duration
		want   int // things done
	}{
		"before it begins":     {office{}, 500 * ms, 0},
		"between jobs":         {office{}, 1500 * ms, 2},
		"while books fail":     {office{creates: map[string][]error{"a-1": trouble}}, 1600 * ms, 3},
		"while posts fail":     {office{posts: map[string][]error{"a-1": trouble}}, 1600 * ms, 4},
		"after all is done":    {office{}, time.Minute, 6},
		"in the second's book": {office{creates: map[string][]error{"a-2": trouble}}, 2100 * ms, 3},
	} {
		for _, crash := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, crash %t", name, crash), func(t *testing.T) {
				l := newLab(t, benign())
				o := c.office
				o.lab = l
				answers := func(m map[string][]error) map[string][]error {
					copied := map[string][]error{}
					for job, list := range m {
						copied[job] = list
					}
					return copied
				}
				o.creates, o.posts = answers(o.creates), answers(o.posts)
				ctx, end := host.WithCancel(background)
				l.kernel.After(c.end, kernel.Do(func() {
					if crash {
						l.machine.Crash()
					} else {
						end(nil)
					}
				}))
				ended := l.does(func() { workload.Post(ctx, group(t, spec), l.machine, benign(), &o, &o) })
				if len(o.log) != c.want {
					t.Errorf("it did %v", o.log)
				}
				if ended == (crash && c.end < time.Minute) {
					t.Errorf("it came to its end: %t", ended)
				}
			})
		}
	}
}
