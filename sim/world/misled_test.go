package world_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"derail/checker"
	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/logbook"
	"derail/sim/choice"
	"derail/sim/world"
)

// forgetful shows logbooks without the results that are in them.
type forgetful struct{ conductor.Books }

func (f forgetful) Open(ctx context.Context, flowID, subject string, epoch int64) (*logbook.Writer, error) {
	w, err := f.Books.Open(ctx, flowID, subject, epoch)
	if err == nil {
		for i := range w.Detail.Atoms {
			w.Detail.Atoms[i].Result = nil
		}
	}
	return w, err
}

// TestMisled: what a task says of its arguments is written down, with the machine that it runs on and right
// after it began there, and a run in which nothing is lost has nothing of the kind.
func TestMisled(t *testing.T) {
	w := newWorld(t, pinnedBlueprint(t, "tries"))
	wrap := world.Wrap{Config: func(c *conductor.Config) { c.Books = forgetful{c.Books} }}
	misled := 0
	for seed := range seeds(20) {
		whole := run(t, w, seed, world.Options{}).History
		if slices.ContainsFunc(whole.Records, isMisled) {
			t.Errorf("seed %d: a task was misled in a run without a bug", seed)
		}
		h := w.Run(choice.Seeded(seed), seed, world.Options{Wrap: wrap}).History
		want := checker.Valid
		for i, rec := range h.Records {
			if !isMisled(rec) {
				continue
			}
			misled++
			want = checker.Invalid
			if rec.Type != history.Event || !strings.Contains(rec.Reason, "result-") &&
				!strings.Contains(rec.Reason, "attempt-") && !strings.Contains(rec.Reason, "undo") {
				t.Errorf("seed %d: record %d does not say what was wrong: %+v", seed, i+1, rec)
			}
			if !slices.ContainsFunc(h.Records[:i], func(begin history.Record) bool {
				return begin.Kind == history.Move && begin.Process == rec.Process && begin.Job == rec.Job &&
					begin.Subject == rec.Subject && (begin.To == "RUNNING" || begin.To == "REVERTING")
			}) {
				t.Errorf("seed %d: record %d is of a task that never began there: %+v", seed, i+1, rec)
			}
		}
		if v, _ := checker.Check(h).Verdict("result.handed"); v.Outcome != want {
			t.Errorf("seed %d: %v, want %v: %s", seed, v.Outcome, want, v.Summary)
		}
	}
	if misled == 0 {
		t.Error("no task was misled by lost results")
	}
}

func isMisled(rec history.Record) bool { return rec.Kind == history.Misled }
