package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"derail/sim/explore"
)

// helpTexts are what the grammar says of arguments and flags, where a line is too short for it.
var helpTexts = kong.Vars{
	"keep": fmt.Sprint(keepByDefault),

	"run_paths": "Scenario files, folders of them (but not the folders in these), or names of scenarios " +
		"that come with derail. Left out: all that come with derail.",
	"run_seeds": "How many seeds to run of each scenario. Left out: as many as the scenario says.",
	"run_seed":  "The first seed (1). Without --seeds and --time it is the only one.",
	"run_time": "Start no more runs after this time (such as 90s or 10m). It is divided among the scenarios, " +
		"and each has at least one run. Without --seeds: as many runs as fit.",
	"run_parallel": "How many runs at a time. Left out: one for each core.",
	"run_coverage": "Print how often each kind of fault struck, each failpoint was passed and fired, and each " +
		"mark was met.",
	"run_out": "Write summary.json, junit.xml, report.html, and a folder for each run that is worth a look, " +
		"to this folder.",
	"schema_of": "scenario, or history: a line of a history. Left out: scenario.",
	"stop_early": "End a run where a promise is broken, as far as that can be seen then. The verdict is on " +
		"what was recorded until there.",
	"explain": "Work out how the run came to break its promise: what led there, what happens without the last " +
		"fault, and when it was decided. It takes some seconds. A saved run has that already, as a rule.",
	"promise": "Which of the broken promises to explain, without --explain as well. Left out: the one that " +
		"was broken first.",
	"explore_modes": strings.Join(exploreModes(), ","),
	"explore_mode":  "How to search (random): " + strings.Join(exploreModes(), ", ") + ".",
	"explore_runs": "How many runs to make. Left out: as many as the scenario says or as fit into --time; in " +
		"mode exhaustive all.",
	"explore_out": "Write summary.json, junit.xml, report.html, and a folder for each run that was found, to " +
		"this folder.",
	"explore_keep": "How many runs that are not as expected to keep (${keep}); the first of each property is " +
		"kept in any case.",
	"explore_corpus": "With --mode guided: begin with the runs in this folder, and keep there what is worth " +
		"it. Each scenario has a folder of its own in it.",
	"explore_depth": fmt.Sprintf("With --mode pct: how many pairs of steps a bug needs in order (%d).",
		explore.DefaultDepth),
	"explore_preemptions": "With --mode exhaustive: how often in a run a process may overtake another one " +
		"of its machine (0). --preemptions=-1, with the equals sign: as often as it can.",
	"explore_seed": "What the search's own chance begins with (1); with --mode random the first seed. --mode " +
		"exhaustive leaves nothing to chance, and has none.",
	"explore_steps": "With --mode exhaustive: after how many steps of a run nothing else is tried any more. " +
		"Left out: no bound.",
	"explore_resume": "With --mode exhaustive: go on where this file says, if it is there, and write " +
		"there how far the search has come.",
	"explore_samples": "With --mode exhaustive: how many answers to try of a draw among very many (1).",
	"replay_path": "The folder of a saved run, or a scenario: a file, or the name of one that comes with " +
		"derail.",
	"report_html": "Write it as a web page to this file, which links to the files of the runs from there; - " +
		"is standard output, and links to none.",
	"shrink_property": "Which of the broken promises is to stay broken, or 'the run itself' for what the " +
		"scenario expects of its jobs. Left out: the first that was not to be.",
	"shrink_out": "Write the scenario to this file, and not to standard output.",
	"replay_choices": "Draw what this file says (a run's choices.txt, or a part of it), and otherwise the " +
		"benign choice.",
	"replay_out":     "Save the run in this folder, with a page of its own.",
	"check_files":    "Histories, or folders of saved runs; - is standard input.",
	"check_property": "Look at this promise only, and count no other. It can be given several times.",
	"check_second":   "Ask porcupine about the claims too, and fail where it contradicts claim.linearizable.",
	"check_picture":  "Draw what happened to the job of --job as a web page, in this file.",
	"faults_name":    "A kind of fault, a failpoint, or an area of them (storage, jobboard). Left out: all.",
	"faults_plan": "Break this, in the place of what the scenario says: kinds of fault with their keys, such " +
		"as 'node.crash at=2s; network.loss rate=5%'.",
	"bugs_names": "Which of them. Left out: all.",
	"bugs_seed": "With --run and one bug: run this seed, and tell what happened. With --shrink: the seed of " +
		"the run to shrink.",
	"bugs_out": "With --seed: save the run in this folder, with a page of its own. derail report tells it " +
		"again.",
	"list_what": "scenarios, faults, properties, points or marks. Left out: scenarios.",
	"backend": "What carries processes: coroutines, or tokens, which are slower and must give the same " +
		"hashes.",
}
