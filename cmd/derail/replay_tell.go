package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"derail/reports"
)

// moment is an instant of virtual time on the command line; zero is one that was not given, or the beginning.
type moment time.Duration

// UnmarshalText reads the time.
func (m *moment) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return errors.New("want a virtual time such as 2.5s, 800ms or 1m10s, not " + strconv.Quote(string(text)))
	}
	*m = moment(d)
	return nil
}

// tellFlags choose which part of a run is told, and how.
type tellFlags struct {
	Job      []string `sep:"none" placeholder:"NAME" help:"Tell only what happened to this job, such as orders-1. It can be given several times."`
	Node     []string `sep:"none" placeholder:"NAME" help:"Tell only what happened on this machine: a conductor, client-1 or the store. It can be given several times."`
	From     moment   `placeholder:"TIME" help:"Tell only what happened from this virtual time on, such as 2.5s."`
	Until    moment   `placeholder:"TIME" help:"Tell only what happened up to this virtual time."`
	All      bool     `help:"Fold nothing away, however long the story gets."`
	Messages bool     `help:"Tell the messages between machines and the store too. There are many: best with --from, --until or --node."`
	Step     bool     `help:"Go through it event by event, forwards and back. Press ? there for help; on a pipe it reads commands from standard input, one a line."`
	Trace    string   `placeholder:"FILE" help:"Write the run as a trace that ui.perfetto.dev and chrome://tracing open; - is standard output."`
}

// asked is the first flag that says anything of how a run is told; empty: there is none.
func (t *tellFlags) asked() string {
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"--job", len(t.Job) > 0},
		{"--node", len(t.Node) > 0},
		{"--from", t.From > 0},
		{"--until", t.Until > 0},
		{"--all", t.All},
		{"--messages", t.Messages},
		{"--step", t.Step},
	} {
		if flag.given {
			return flag.name
		}
	}
	return ""
}

// alone refuses what says how a run is told where it is not told, and what would be printed into something
// else.
func (t *tellFlags) alone(json bool) error {
	flag := t.asked()
	switch {
	case json && flag != "":
		return wrongInput(errors.New("--json: it holds the whole run, and goes without --job, --node, --from, " +
			"--until, --all, --messages and --step"))
	case json:
		flag = "--json"
	}
	if flag != "" && t.Trace == "-" {
		return wrongInput(fmt.Errorf("--trace: with %s, standard output is taken: want a file", flag))
	}
	return nil
}

// telling is which part of a run is told by a command, to which what was chosen is added. Names and times
// must be those of the run.
func (t *tellFlags) telling(f *reports.RunFolder, command string) (*reports.Telling, error) {
	h := f.History
	if err := allKnown("--job", "job", t.Job, h.Jobs); err != nil {
		return nil, err
	}
	if err := allKnown("--node", "machine", t.Node, h.Processes); err != nil {
		return nil, err
	}
	ended := h.Header.End
	if n := len(h.Records); n > 0 {
		ended = max(ended, h.Records[n-1].At)
	}
	switch {
	case int64(t.From) > ended:
		return nil, wrongInput(fmt.Errorf("--from: %v is after the end of this run, which is at %v",
			time.Duration(t.From), time.Duration(ended)))
	case t.Until > 0 && t.Until < t.From:
		return nil, wrongInput(fmt.Errorf("--until: %v is before --from, %v", time.Duration(t.Until),
			time.Duration(t.From)))
	}
	for _, name := range t.Job {
		command += " --job " + shellWord(name)
	}
	for _, name := range t.Node {
		command += " --node " + shellWord(name)
	}
	if t.Messages {
		command += " --messages"
	}
	return &reports.Telling{
		Jobs: t.Job, Nodes: t.Node, From: int64(t.From), Until: int64(t.Until), Whole: t.All,
		Messages: t.Messages, Command: command,
	}, nil
}

// allKnown refuses names that a run does not have.
func allKnown(flag, what string, names, known []string) error {
	for _, name := range names {
		if !slices.Contains(known, name) {
			return mistaken(fmt.Sprintf("%s: this run has no %s %q", flag, what, name), "", name, known)
		}
	}
	return nil
}
