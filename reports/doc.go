// Package reports turns what was saved into something to read: a campaign or a single run as text for
// a terminal, as JSON, as JUnit XML and as one self-contained HTML page.
//
// It reads saved data only (what it needs of the system is in [derail/checker] and
// [derail/checker/history]), and what it writes depends on nothing else: no clock, no chance, no
// machine, no order of a map. The same data gives the same bytes. It may not import the core or the
// simulator: a report must be possible wherever a saved history is.
//
// # The folder
//
// [Output.WriteCampaign] writes, into the folder given with --out,
//
//	summary.json   the campaign, for programs (below)
//	junit.xml      the campaign, for continuous integration
//	report.html    the campaign, for people, with the timelines of the runs shown
//
// and [Output.WriteRun] writes a folder for each run that is kept:
//
//	run.json       what came of the run: its verdicts with their evidence, and its counts (below)
//	history.jsonl  everything that the run wrote down; package history describes it
//	scenario.yaml  the scenario as it was run
//	choices.txt    every choice that was drawn, where they were recorded
//	explanation.json  how a promise came to be broken, where somebody worked that out: see [Explanation]
//	claims.html    with it, where claims have no order: porcupine's drawing of them
//
// # The story
//
// [RunText] tells a run as a story, [RunTold] a part of it, and [Stepper] goes through it record by record. A
// line of a story is a beat. What a conductor does with a job, from its claim on, is one beat for as long as
// nothing else happens to either of them; a broken promise has a line of its own after the record that
// completes its evidence. A story has so many lines at most: what matters least is folded away first, and it
// is said how much that was.
//
// # Traces and annotations
//
// [WriteTrace] writes the Trace Event Format, for viewers of traces: machines are its processes, jobs and
// calls their tracks, and virtual time its time. [WriteAnnotations] writes commands of a GitHub workflow, by
// which what went wrong is shown beside the scenario file.
//
// # summary.json
//
// Version 1. A reader refuses other versions and skips fields that it does not know. All times are in
// nanoseconds and their names end in _ns; "simulated" is virtual time, "wall" the user's clock.
//
//	version        1
//	as_expected    whether every run was made and every scenario came out as expected
//	command        the command line
//	interrupted    whether it ended before every run was made; reason says why
//	wall_ns        how long it took
//	scenarios      a list, in the order in which they were asked for:
//	  name, about, file
//	  seeds        {first, count}: asked for
//	  runs         made
//	  as_expected  whether the scenario came out as expected
//	  expectation  a sentence: what was expected and what came
//	  unmet        what the runs together should have shown and did not, a sentence each
//	  failed       how many runs did not go as expected
//	  ruined       in how many runs data was broken beyond what the promises cover, of all jobs or of some
//	  cut          how many runs were ended where a promise was broken, because that was asked for
//	  simulated_ns, wall_ns, events, store_calls: sums over the runs
//	  faults       [{name, count}]: injected, by name
//	  idle         names of faults that the scenario has and that never struck
//	  marks        [{name, count}]: the marks that were met, of those that checker.Sometimes lists, and in
//	               how many runs
//	  points       [{name, passed, fired}]: the failpoints that were passed, and how often
//	  plots        {attempts, rest_ns, restless, wasted_percent, faults}: how many jobs or runs there were of
//	               each size, as [{from, count}] with empty buckets left out; a bucket reaches to the next
//	               edge (AttemptEdges and so on). attempts: jobs by claims; rest_ns: runs by how long the board
//	               still changed after the last fault, with restless those that ended with jobs on it and are
//	               not counted; wasted_percent: runs by the share of task executions that failed, were done
//	               again, or whose job was not consumed; faults: runs by faults that struck. Runs that were
//	               ended early are in none
//	  jobs         {posted, consumed, trashed, left}; left were on the board when their run ended
//	  policy       {attempts, excuse, cycle}: the attempts policy (0 attempts is no limit), and how many
//	               claims in a row without progress make a cycle
//	  groups       [{name, count, tasks, pattern}]: the groups of jobs
//	  properties   [{name, held, broken, undecided, expect_broken, expect_found, may_break}]: in how many
//	               runs each came out how, and whether the scenario is there to show it broken in every
//	               run (expect_broken) or in one at least (expect_found), or lets it be broken (may_break)
//	  findings     [{property, runs, summary, seed, hash, cycle, folder, replay, cause, plan,
//	               replay_plan}]: properties found broken as expected, with the first seed that showed it
//	  failures     [{seed, hash, broken, unmet, cycle, folder, replay, cause, plan, replay_plan,
//	               nondeterministic, second_hash, difference}]: the first runs that failed. broken is
//	               [{property, outcome, summary}]; folder is relative to the summary; replay is the
//	               command that runs it again; cause tells what lies behind it, as of a job that had
//	               two owners which they were and what was lost between their claims; plan is the faults
//	               of the run, as its seed drew them, in the text form of fault plans, and replay_plan
//	               the command that runs it with just these; nondeterministic says that the same seed,
//	               run again, gave second_hash, and difference tells the first step that differed
//	coverage       {suite, kinds, points, marks}: every kind of fault [{name, count}], every failpoint
//	               [{name, passed, fired}] and every mark [{name, runs, times}] over all scenarios, with
//	               those that were never met; suite says that whole suites were run
//
// A cycle is as checker.CyclePath has it: {job, claims, from_ns, until_ns, held_ns, executed, steps,
// failures, owners, ended}.
//
// # run.json
//
// Version 1, with the same fields as above for one run: version, scenario, about, seed, hash, replay,
// plan, replay_plan, as_expected, expectation, unmet, simulated_ns, events, store_calls, faults, points,
// marks (names of those it met), jobs, policy, groups, nondeterministic, second_hash, difference; and
//
//	verdicts       [{property, outcome, checked, excused, summary, findings, cycle}]: one for each
//	               property; a finding is {job, text, records}, and records are sequence numbers in
//	               history.jsonl; excused is how many findings do not count, because what they are about
//	               was ruined
//	ruined         what was broken beyond what the promises cover, a sentence each
//	bug            the planted bug that was in the core, if one was
//	stopped        the promise that was broken where the run was ended for that, and stopped_at the record
//
// # report.html
//
// One file that needs nothing else: its own policy allows it no network and no script or style but its own,
// by their hashes. Its parts are in reports/page: templates, one style, and scripts that share a closure.
// What a reader needs (verdicts, explanations, evidence, stories, counts) is in the page itself and is there
// without scripts; they add the drawing of a run, its filters, and the table of all its records, from columns
// that the page holds once for both. Campaigns are plotted with uPlot, which is in the page with its licence.
//
// # junit.xml
//
// A suite for each scenario, and in it a test case for each property, one called expectation and one
// called reproducible. Types of failures: broken; not-broken (expect_broken, and a run kept it); not-found
// (expect_found, and no run broke it); unmet (of expectation); nondeterministic (of reproducible). An
// error is of the type undecided. The text of a failure has the seeds with their commands, and the plans
// of the faults that they drew; a property that was found broken as expected has what was found as its
// output. A scenario that did not run to its end is skipped where it has nothing worse to say.
package reports
