package main

import (
	"fmt"

	"github.com/alecthomas/kong"
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
	"replay_path": "The folder of a saved run, or a scenario: a file, or the name of one that comes with " +
		"derail.",
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
	"list_what":  "scenarios, faults, properties, points or marks. Left out: scenarios.",
	"backend": "What carries processes: coroutines, or tokens, which are slower and must give the same " +
		"hashes.",
}
