package planted

import (
	"slices"

	"derail/core/conductor"
	"derail/core/logbook"
)

// flowBugs break how an engine goes through a flow: what is done, undone and tried again, and in which
// order.
var flowBugs = []Bug{
	{
		Name: "success-unsaved", Area: AreaEngine,
		About: "What has succeeded is not written to the logbook, only what has begun: its result is lost " +
			"with its conductor, and it is executed once more.",
		Property: "resume.once", Scenario: "crash-restart", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/save.go",
			Old:  "d.State != state.Pending { //",
			New:  "d.State != state.Pending && d.State != state.Success { //",
		}},
	},
	{
		Name: "reverted-again", Area: AreaEngine,
		About: "Whoever takes over takes what was reverted for what was being reverted, and reverts it once " +
			"more.",
		Property: "resume.once", Scenario: "hopeless-tries", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/restore.go",
			Old:  "\ta.detail = *known\n",
			New: "\ta.detail = *known\n" +
				"\tif a.detail.State == state.Reverted {\n\t\ta.detail.State = state.Reverting\n\t}\n",
		}},
	},
	{
		Name: "revert-out-of-turn", Area: AreaEngine,
		About: "A revert does not wait for what comes after it: with several workers all that is to be " +
			"reverted is reverted at once.",
		Property: "revert.ordered", Scenario: "parallel-engines", Seeds: 50,
		Patch: []Edit{{
			File: "core/engine/order.go",
			Old:  "\tif p.behind == 0 {\n",
			New:  "\tif p.behind >= 0 {\n",
		}},
	},
	{
		Name: "first-done-first-undone", Area: AreaEngine,
		About: "What is to be reverted is reverted in the order in which it was done, with the first of all " +
			"first.",
		Property: "revert.ordered", Scenario: "hopeless-tries", Seeds: 20,
		Patch: []Edit{
			{
				File: "core/engine/order.go",
				Old:  "\tif p.behind == 0 {\n",
				New:  "\tif p.behind >= 0 {\n",
			},
			{
				File: "core/engine/order.go",
				Old:  "return cmp.Compare(b.index, a.index)",
				New:  "return cmp.Compare(a.index, b.index)",
			},
		},
	},
	{
		Name: "attempt-counted-twice", Area: AreaRetry,
		About: "An attempt that was under way when its conductor died is counted once more by whoever goes " +
			"on with it, and the retry gives up early.",
		Property: "retry.counted", Scenario: "hopeless-tries", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/restore.go",
			Old:  "\tif a.detail.State == state.Retrying {",
			New: "\tif n := len(a.history); n > 0 && a.detail.State == state.Success {\n" +
				"\t\ta.history = append(a.history, a.history[n-1])\n" +
				"\t\ta.detail.Attempts = append(known.Attempts[:n:n], known.Attempts[n-1])\n\t}\n" +
				"\tif a.detail.State == state.Retrying {",
		}},
	},
	{
		Name: "attempts-forgotten", Area: AreaRetry,
		About: "Which attempts a retry has made is known only to the engine that made them: the next one " +
			"begins to count anew.",
		Property: "retry.counted", Scenario: "hopeless-tries", Seeds: 20,
		Wrap: configured(func(c *conductor.Config) {
			c.Books = reopened{c.Books, func(d *logbook.FlowDetail) {
				d.Atoms = slices.Clone(d.Atoms)
				for i := range d.Atoms {
					d.Atoms[i].Attempts = d.Atoms[i].Attempts[:min(len(d.Atoms[i].Attempts), 1)]
				}
			}}
		}),
	},
	{
		Name: "decider-unheard", Area: AreaEngine,
		About:    "Deciders are asked, and what they say changes nothing.",
		Property: "decider.kept", Scenario: "graph-flows", Seeds: 5,
		Patch: []Edit{{
			File: "core/engine/decide.go",
			Old:  "\tif refused {\n",
			New:  "\tif refused = false; refused {\n",
		}},
	},
	{
		Name: "no-forgotten", Area: AreaEngine,
		About: "What a decider's no takes in is recorded once, with the atom that it stands before, and " +
			"whoever takes over reads it for that one alone.",
		Property: "decider.kept", Scenario: "graph-flows", Seeds: 50,
		Patch: []Edit{{
			File: "core/engine/restore.go",
			Old:  "> r.void && d.State == state.Pending {",
			New:  "> r.void && d.State == \"\" {",
		}},
	},
	{
		Name: "stale-result", Area: AreaRetry,
		About: "A task that a retry has tried again returns something new, and those after it are handed what " +
			"it returned the first time.",
		Property: "result.handed", Scenario: "retries", Seeds: 20,
		Patch: []Edit{
			{
				File: "core/engine/resolve.go",
				Old:  "a.detail, a.result, a.history = a.fresh(), nil, nil\n",
				New:  "a.detail, a.history = a.fresh(), nil\n",
			},
			{
				File: "core/engine/call.go",
				Old:  "\ta.detail.Result, a.result = stored, result\n",
				New: "\ta.detail.Result = stored\n" +
					"\tif a.result == nil || a.retry != nil {\n\t\ta.result = result\n\t}\n",
			},
		},
	},
	{
		Name: "first-attempt-for-ever", Area: AreaRetry,
		About: "Whoever takes over reads what a retry provided with its first attempt, and not what it provides " +
			"now: those that come before the restart and those that come after it are told different things.",
		Property: "result.handed", Scenario: "hopeless-tries", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/restore.go",
			Old:  "\tif a.detail.State == state.Retrying {",
			New: "\tif len(a.history) > 0 && a.detail.State == state.Success {\n" +
				"\t\ta.result = a.history[0].Value\n\t}\n" +
				"\tif a.detail.State == state.Retrying {",
		}},
	},
	{
		Name: "nothing-to-undo", Area: AreaEngine,
		About: "Whoever goes on with a revert that was cut short does not tell the task what it had returned, " +
			"and so not what is to be undone.",
		Property: "result.handed", Scenario: "hopeless-tries", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/restore.go",
			Old:  "\tif a.detail.State == state.Retrying {",
			New: "\tif a.detail.State == state.Reverting {\n\t\ta.result = nil\n\t}\n" +
				"\tif a.detail.State == state.Retrying {",
		}},
	},
	{
		Name: "stale-failure", Area: AreaRetry,
		About: "A failure that a retry has resolved stays with its atom, and the job ends for it when " +
			"something else fails. TaskFlow keeps failures in a cache that a later success does not clear: " +
			"old ones come back together with the new, and can turn a job that is to be abandoned into one " +
			"that is consumed.",
		Reference: "TaskFlow, storage.py, Storage._failures: not cleared by a later success.",
		Property:  "failure.current", Scenario: "hopeless-tries", Seeds: 20,
		Patch: []Edit{
			{
				File: "core/engine/resolve.go",
				Old:  "\te.resolved(a)\n\ta.detail, a.result, a.history = a.fresh(), nil, nil\n",
				New: "\tstale := a.detail.Failure\n" +
					"\ta.detail, a.result, a.history = a.fresh(), nil, nil\n\ta.detail.Failure = stale\n",
			},
			{
				File: "core/engine/call.go",
				Old:  "\te.resolved(a)\n\te.moveAtom(a, state.Success)\n",
				New:  "\te.moveAtom(a, state.Success)\n",
			},
		},
	},
	{
		Name: "interrupted-taken-for-done", Area: AreaEngine,
		About:    "Whoever takes over takes a task that was running when its conductor died for one that is done.",
		Property: "result.handed", Scenario: "crash-restart", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/restore.go",
			Old:  "\ta.detail = *known\n",
			New: "\ta.detail = *known\n" +
				"\tif a.detail.State == state.Running {\n\t\ta.detail.State = state.Success\n\t}\n",
		}},
	},
	{
		Name: "failed-not-reverted", Area: AreaEngine,
		About: "A task that has failed is not reverted, since it has done nothing: what it began before it " +
			"failed stays, and what comes before it is reverted first.",
		Property: "moves.legal", Scenario: "parallel-engines", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/order.go",
			Old:  "\tcase state.Pending, state.Reverted, state.Ignore:\n\t\te.places[n].undone = true\n",
			New: "\tcase state.Pending, state.Reverted, state.Ignore, state.Failure:\n" +
				"\t\te.places[n].undone = true\n",
		}},
	},
	{
		Name: "held-before-the-save", Area: AreaEngine,
		About: "Whether the claim is still held is asked before a task's begin is saved, and not again after " +
			"it: the save can take longer than the lease lives.",
		Property: "claim.exclusive", Scenario: "zombies", Seeds: 50,
		Patch: []Edit{{
			File: "core/engine/save.go",
			Old: "\tif err := e.save(ctx); err != nil {\n\t\treturn err\n\t}\n" +
				"\tif !e.holds() {\n\t\treturn ErrClaimLost\n\t}\n\tfor _",
			New: "\tif err := e.save(ctx); err != nil {\n\t\treturn err\n\t}\n\tfor _",
		}},
	},
}

// retryBugs break what a retry decides about, how often, and what it remembers.
var retryBugs = []Bug{
	{
		Name: "failures-for-values", Area: AreaRetry,
		About: "Whoever takes over reads the failures of a retry's attempts where their values should be: values " +
			"that were tried are tried again.",
		Reference: "TaskFlow, persistence/models.py, RetryDetail.from_dict: the name data is used twice, and " +
			"every attempt with a failure comes back with the failures in the place of its value.",
		Property: "retry.counted", Scenario: "retries", Seeds: 50,
		Patch: []Edit{{
			File: "core/engine/restore.go",
			Old:  "\t\ta.history = append(a.history, flow.Attempt{Value: value,",
			New: "\t\tif failed := known.Attempts[i].Failures; len(failed) > 0 {\n" +
				"\t\t\tvalue = failed[0].Text\n\t\t}\n" +
				"\t\ta.history = append(a.history, flow.Attempt{Value: value,",
		}},
	},
	{
		Name: "one-attempt-more", Area: AreaRetry,
		About:    "A retry of four attempts makes five: the one that is under way is not counted.",
		Property: "retry.counted", Scenario: "retries", Seeds: 20,
		Patch: []Edit{{
			File: "core/flow/retries.go",
			Old:  "\t\t\tif len(past) < attempts {",
			New:  "\t\t\tif len(past) <= attempts {",
		}},
	},
	{
		Name: "only-the-retry-turned", Area: AreaRetry,
		About: "A retry that tries again begins its next attempt at once, and what the last one has done is " +
			"neither reverted nor begun anew.",
		Property: "revert.ordered", Scenario: "retries", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/resolve.go",
			Old:  "\tfor _, n := range e.after(roots...) {\n",
			New:  "\tfor _, n := range roots {\n",
		}},
	},
}
