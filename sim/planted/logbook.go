package planted

import (
	"context"
	"slices"

	"derail/core/conductor"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
	"derail/scenarios"
)

// logbookBugs break what is recorded of a flow, or what is read from it.
var logbookBugs = []Bug{
	{
		Name: "save-without-compare", Area: AreaLogbook,
		About: "A write to the logbook is not held against the fence: the last one wins, whoever it is. " +
			"TaskFlow's persistence has no fence, and a conductor that lost its claim overwrites the " +
			"new owner's records.",
		Reference: "TaskFlow, persistence/models.py: the last writer wins, and no write is compared with " +
			"the claim.",
		Property: "fence.held", Scenario: "zombies", Seeds: 50,
		Wrap: editing(uncompared, scenarios.OpSave), Patch: unnoticed,
	},
	{
		Name: "fence-for-writes-alone", Area: AreaLogbook,
		About: "Whoever opens a logbook may write to it: a conductor that lost its claim before it came " +
			"to that reads what the new owner wrote, and goes on from there.",
		Property: "fence.held", Scenario: "zombies", Seeds: 200,
		Patch: slices.Concat(unnoticed, []Edit{{
			File: "core/logbook/writer.go",
			Old:  "if w.seen.epoch > epoch {",
			New:  "if w.seen.epoch < 0 {",
		}}),
	},
	{
		Name: "dispatched-twice", Area: AreaConductor,
		About:    "A conductor that takes up a claim of its own starts two engines for it.",
		Property: "moves.legal", Scenario: "lost-claims", Seeds: 50,
		Patch: []Edit{{
			File: "core/conductor/shift.go",
			Old:  "// an orphan cannot be passed over\n\t\treturn\n\t}\n",
			New: "// an orphan cannot be passed over\n\t\treturn\n\t}\n" +
				"\ts.config.Host.Go(\"job\", func() { s.work(ctx, ctx, &run{claim: claim, end: func(error) {}}) })\n",
		}},
	},
	{
		Name: "start-unrecorded", Area: AreaEngine,
		About: "A task is run without a record that it has begun, and the table of legal moves has been " +
			"made to agree: SUCCESS follows upon PENDING.",
		Property: "moves.legal", Scenario: "healthy", Seeds: 5,
		Patch: []Edit{
			{
				File: "core/state/tables.go",
				Old:  "var Task = Table{name: \"task\", moves: []row{\n\t{Pending, []State{Running, Ignore",
				New: "var Task = Table{name: \"task\", moves: []row{\n" +
					"\t{Pending, []State{Success, Failure, Running, Ignore",
			},
			{
				File: "core/engine/call.go",
				Old:  "\tdefault:\n\t\te.moveAtom(a, state.Running)\n",
				New: "\tdefault:\n" +
					"\t\tc.args, _ = e.arguments(a, false)\n\t\treturn\n",
			},
		},
	},
	{
		Name: "results-lost", Area: AreaLogbook,
		About: "The results of the tasks that are done are not there when another conductor goes on, " +
			"and the next task is handed nothing.",
		Property: "cycle.none", Scenario: "long-jobs", Seeds: 10,
		Wrap: configured(func(c *conductor.Config) {
			c.Books = reopened{c.Books, func(d *logbook.FlowDetail) {
				for i := range d.Atoms {
					d.Atoms[i].Result = nil
				}
			}}
		}),
	},
	{
		Name: "restart-forgets", Area: AreaLogbook,
		About: "An engine that takes over begins at the beginning instead of where the logbook says: a " +
			"job that is longer than one run never ends.",
		Property: "cycle.none", Scenario: "long-jobs", Seeds: 10,
		Wrap: configured(func(c *conductor.Config) {
			c.Books = reopened{c.Books, func(d *logbook.FlowDetail) { d.State, d.Atoms = state.Pending, nil }}
		}),
	},
	{
		Name: "unknown-save-taken-for-done", Area: AreaLogbook,
		About: "A write to the logbook that got no answer is taken for one that happened: what was done is done " +
			"again where it did not.",
		Property: "resume.once", Scenario: "unanswered-saves", Seeds: 50,
		Wrap: answering(func(_ *store.Txn, c store.Commit) store.Commit {
			if c.Outcome == store.Unknown {
				c.Outcome, c.Err = store.Done, nil
			}
			return c
		}, scenarios.OpSave),
	},
	{
		Name: "refused-save-logged", Area: AreaLogbook,
		About:    "A write to the logbook that is refused is logged, and the run goes on as if it had been made.",
		Property: "resume.once", Scenario: "full-store", Seeds: 50,
		Wrap: answering(func(_ *store.Txn, c store.Commit) store.Commit {
			if c.Outcome == store.Refused {
				c.Outcome, c.Err = store.Done, nil
			}
			return c
		}, scenarios.OpSave),
	},
	{
		Name: "one-record-a-write", Area: AreaLogbook,
		About: "A write of several results that came together carries only the first of them: the others are " +
			"said to be recorded, and are not.",
		Property: "resume.once", Scenario: "parallel-engines", Seeds: 50,
		Patch: []Edit{{
			File: "core/logbook/writer.go",
			Old:  "If: room.compare[:], Then: ops}",
			New:  "If: room.compare[:], Then: ops[:min(len(ops), 2)]}",
		}},
	},
}

// reopened shows flow details otherwise than they are recorded.
type reopened struct {
	conductor.Books
	change func(d *logbook.FlowDetail)
}

func (r reopened) Open(ctx context.Context, flowID, subject string, epoch int64) (*logbook.Writer, error) {
	w, err := r.Books.Open(ctx, flowID, subject, epoch)
	if err == nil {
		r.change(&w.Detail)
	}
	return w, err
}
