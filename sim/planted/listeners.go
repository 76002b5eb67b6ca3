package planted

// listenerBugs tell listeners what was not, or not what was, and count it wrongly; and let engines step where
// they may not.
var listenerBugs = []Bug{
	{
		Name: "told-before-done", Area: AreaListener,
		About: "What becomes of a job is told before the board is asked, so that nobody has to wait for it: " +
			"where it did not happen it was told all the same.",
		Property: "event.told", Scenario: "listeners", Seeds: 20,
		Patch: []Edit{
			{
				File: "core/conductor/release.go",
				Old:  "\t\t\terr = s.try(ctx, r, v)\n",
				New:  "\t\t\ts.tellReleased(r, v)\n\t\t\terr = s.try(ctx, r, v)\n",
			},
			{
				File: "core/conductor/release.go",
				Old:  "\t\t\ts.view.Released(r.claim)\n\t\t\ts.tellReleased(r, v)\n",
				New:  "\t\t\ts.view.Released(r.claim)\n",
			},
		},
	},
	{
		Name: "listens-once-more", Area: AreaListener,
		About: "A conductor that registers anew adds its listeners once more: from then on they hear everything " +
			"twice.",
		Property: "event.told", Scenario: "listeners", Seeds: 20,
		Patch: []Edit{
			{
				File: "core/conductor/conductor.go",
				Old:  "\t\tbegan := c.config.Host.Now()\n",
				New: "\t\tif try > 0 {\n" +
					"\t\t\tc.config.Listener = event.Listeners{c.config.Listener, c.config.Listener}\n\t\t}\n" +
					"\t\tbegan := c.config.Host.Now()\n",
			},
		},
	},
	{
		Name: "trash-untold", Area: AreaListener,
		About: "That a job is in the trash is told by nobody; only who asks the board finds out.",
		Reference: "TaskFlow, conductors/backends/impl_executor.py: job_trashed is missing from EVENTS_EMITTED, " +
			"so that nobody can listen for it.",
		Property: "event.told", Scenario: "hopeless", Seeds: 20,
		Patch: []Edit{{
			File: "core/conductor/release.go",
			Old:  "\tcase trash:\n\t\ts.tellOf(event.JobTrashed, r, v)\n",
			New:  "\tcase trash:\n",
		}},
	},
	{
		Name: "last-listener-first", Area: AreaListener,
		About: "Several listeners are told in turn, each time another one first, so that none is always the " +
			"last: what one hears is not yet written down by the other.",
		Property: "event.told", Scenario: "listeners", Seeds: 20,
		Patch: []Edit{{
			File: "core/event/tell.go",
			Old:  "\tfor _, l := range ls {\n\t\tTell(l, e)\n",
			New:  "\tfor i := range ls {\n\t\tTell(ls[(i+int(e.Kind))%len(ls)], e)\n",
		}},
	},
	{
		Name: "every-abandon-counted", Area: AreaListener,
		About: "The metric of jobs that were given back does not tell those that used up an attempt from the " +
			"others.",
		Property: "metric.agrees", Scenario: "listeners", Seeds: 20,
		Patch: []Edit{{
			File: "core/event/prometheus/metrics.go",
			Old:  "\t\tif e.Counted {\n",
			New:  "\t\tif e.Counted || e.Job != \"\" {\n",
		}},
	},
	{
		Name: "trash-counted-twice", Area: AreaListener,
		About: "A job that goes to the trash is counted when it is given up for good and once more when it is " +
			"trashed.",
		Property: "metric.agrees", Scenario: "listeners-and-trash", Seeds: 20,
		Patch: []Edit{{
			File: "core/event/prometheus/metrics.go",
			Old:  "\t\tm.trashed.inc(e.Reason)\n",
			New:  "\t\tm.trashed.inc(e.Reason)\n\t\tm.counted.Inc()\n",
		}},
	},
	{
		Name: "nothing-to-wait-for", Area: AreaEngine,
		About: "An engine without workers passes over WAITING, because it has nothing to wait for, and the table " +
			"of its states has been made to agree.",
		Property: "engine.legal", Scenario: "listeners-and-trash", Seeds: 20,
		Patch: []Edit{
			{
				File: "core/engine/run.go",
				Old:  "\t\t\tnext, err = state.Waiting, e.schedule(ctx)\n",
				New: "\t\t\tif next, err = state.Waiting, e.schedule(ctx); e.crew.size == 0 {\n" +
					"\t\t\t\tnext = state.Analyzing\n\t\t\t\tif err == nil {\n" +
					"\t\t\t\t\terr = e.await(ctx)\n\t\t\t\t}\n\t\t\t}\n",
			},
			{
				File: "core/state/tables.go",
				Old:  "{Scheduling, []State{Waiting}}",
				New:  "{Scheduling, []State{Waiting, Analyzing}}",
			},
		},
	},
	{
		Name: "end-untold", Area: AreaEngine,
		About:    "An engine stops at GAME_OVER: in which of its ends it is, it keeps to itself.",
		Property: "engine.legal", Scenario: "listeners", Seeds: 20,
		Patch: []Edit{{
			File: "core/engine/save.go",
			Old:  "\te.tellStep(e.state, to)\n",
			New:  "\tif e.state != state.GameOver {\n\t\te.tellStep(e.state, to)\n\t}\n",
		}},
	},
	{
		Name: "revert-all-overridden", Area: AreaRetry,
		About: "A branch that runs beside tries again after another one wanted everything reverted, and what it " +
			"decides goes before: the revert stays incomplete.",
		Reference: "TaskFlow before 5.9.1, fixed by 0cb423b6 (Launchpad 2043808, release note " +
			"fix-revert-all-revert): REVERT_ALL was overridden by a RETRY of a subflow that ran in parallel.",
		Property: "revert.exact", Scenario: "everything-back", Seeds: 50,
		Patch: []Edit{{
			File: "core/engine/resolve.go",
			Old:  "\t\tif e.places[r.node].turned {\n\t\t\tcontinue // reverting goes before\n\t\t}\n",
			New: "\t\tif e.revertAll {\n\t\t\te.revertAll = false\n\t\t\tfor n := range e.places {\n" +
				"\t\t\t\te.places[n].turned = false\n\t\t\t}\n\t\t}\n",
		}},
	},
}
