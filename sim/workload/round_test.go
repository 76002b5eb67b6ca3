package workload_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"derail/core/jobboard"
	"derail/scenarios"
	"derail/sim/kernel"
	"derail/sim/workload"
)

// dying is an office whose machine dies while it posts one of the jobs.
type dying struct {
	office
	at string
}

func (d *dying) Post(ctx context.Context, p jobboard.Posting) error {
	err := d.office.Post(ctx, p)
	if p.ID == d.at {
		d.at = ""
		d.lab.machine.Crash()
	}
	return err
}

// TestRound: a client that died goes on where it was. What became of the job that it was posting it finds out
// if it can, and leaves it at that if not.
func TestRound(t *testing.T) {
	for name, c := range map[string]struct {
		look func(context.Context, string) (bool, error)
		want []string
	}{
		"nobody knows": {nil, []string{
			"0s book a-1", "0s post a-1", "1s book a-2", "1s post a-2", "7s book a-3", "7s post a-3",
		}},
		"it is there": {
			func(context.Context, string) (bool, error) { return true, nil },
			[]string{"0s book a-1", "0s post a-1", "1s book a-2", "1s post a-2", "7s book a-3", "7s post a-3"},
		},
		"it is not": {
			func(context.Context, string) (bool, error) { return false, nil },
			[]string{
				"0s book a-1", "0s post a-1", "1s book a-2", "1s post a-2",
				"7s book a-2", "7s post a-2", "8s book a-3", "8s post a-3",
			},
		},
		"it takes long to find out": {
			hesitant(2), []string{
				"0s book a-1", "0s post a-1", "1s book a-2", "1s post a-2",
				"7.5s book a-2", "7.5s post a-2", "8.5s book a-3", "8.5s post a-3",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, benign())
			o := &dying{office: office{lab: l}, at: "a-2"}
			g := group(t, scenarios.Jobs{Name: "a", Count: 3, Every: span(time.Second, time.Second)})
			r := workload.Round{Look: c.look}
			post := func() { r.Post(background, g, l.machine, benign(), o, o) }
			l.kernel.At(int64(6*time.Second), kernel.Do(func() {
				if r.Done() {
					t.Error("it was done too soon")
				}
				l.machine = l.machine.Node().Boot()
				l.machine.Go("again", post)
			}))
			l.does(post)
			if !slices.Equal(o.log, c.want) || !r.Done() {
				t.Errorf("it did %v, want %v", o.log, c.want)
			}
		})
	}
}

// hesitant knows that a job is not there only after so many questions.
func hesitant(n int) func(context.Context, string) (bool, error) {
	return func(context.Context, string) (bool, error) {
		if n--; n >= 0 {
			return true, errors.New("ask again")
		}
		return false, nil
	}
}
