package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"derail/reports"
)

// The help has short lines, so that a narrow terminal shows it all.
const (
	lineHelp = `n             on to the next event, as an empty line is
n 10          ten events on
p             back to the one before
p 10          ten events back
` + stepHelp
	screenHelp = `n, space, →   on to the next event
p, ←          back to the one before
PgDn, PgUp    ten events on, or back
Home, End     to the first event, or to the last
` + stepHelp
	stepHelp = `g 120         to event 120
g 2.5s        to the first event at 2.5s or later
/text         to the next event with this text in it
/             to the next one with the same text
j orders-1    stop only at what is about this job
j             stop at everything again
x             to the next broken promise
?             this help
q             quit
`
)

// walk goes through a run event by event.
type walk struct {
	stepper *reports.Stepper
	jobs    []string
	sought  string // what was searched for last
}

// step goes through a run: on a terminal with single keys, and otherwise by commands, one a line.
func (c *console) step(f *reports.RunFolder, tale *reports.Telling) error {
	w := &walk{stepper: reports.NewStepper(f, tale), jobs: f.History.Jobs}
	if w.stepper.Empty() {
		return wrongInput(errors.New("--step: nothing happened in the part of the run that was asked for"))
	}
	in, is := c.in.(*os.File)
	if is && term.IsTerminal(int(in.Fd())) && c.outTerminal && os.Getenv("TERM") != "dumb" {
		return c.stepOnScreen(w, in)
	}
	return c.stepByLine(w)
}

// stepByLine reads commands one a line and shows after each where it stands.
func (c *console) stepByLine(w *walk) error {
	c.print(w.stepper.Text(c.style()))
	lines := bufio.NewScanner(c.in)
	for lines.Scan() {
		command := strings.TrimSpace(lines.Text())
		verb, argument := "n", ""
		if command != "" {
			verb, argument = command[:1], strings.TrimSpace(command[1:])
		}
		switch verb {
		case "q":
			return nil
		case "?":
			c.print(lineHelp)
			continue
		}
		if trouble := w.do(verb, argument); trouble != "" {
			c.print(trouble + "\n")
			continue
		}
		c.print(w.stepper.Text(c.style()))
	}
	if err := lines.Err(); err != nil {
		return fault(fmt.Errorf("cannot read commands from standard input: %w", cause(err)))
	}
	return nil
}

// do does what a command says, and says why where it could not.
func (w *walk) do(verb, argument string) (trouble string) {
	switch verb {
	case "n":
		return w.move(1, argument, "this is the last event")
	case "p":
		return w.move(-1, argument, "this is the first event")
	case "g":
		return w.goTo(argument)
	case "/":
		return w.search(argument)
	case "j":
		return w.only(argument)
	case "x":
		if !w.stepper.GoToBroken() {
			return "no promise is broken at any of these events"
		}
		return ""
	default:
		return fmt.Sprintf("there is no command %q (? lists them)", verb+argument)
	}
}

func (w *walk) move(way int, argument, end string) string {
	by := 1
	if argument != "" {
		n, err := strconv.ParseInt(argument, 10, 32)
		if err != nil || n < 1 {
			return fmt.Sprintf("want how many events, such as 10, not %q", argument)
		}
		by = int(n)
	}
	if !w.stepper.Move(way * by) {
		return end + fmt.Sprintf(" (#%d)", w.stepper.Record())
	}
	return ""
}

func (w *walk) goTo(argument string) string {
	if n, err := strconv.ParseInt(strings.TrimPrefix(argument, "#"), 10, 64); err == nil && n > 0 {
		if !w.stepper.GoTo(n) {
			return fmt.Sprintf("there is no event %d or later: this is the last (#%d)", n, w.stepper.Record())
		}
		return ""
	}
	at, err := time.ParseDuration(argument)
	if err != nil || at < 0 {
		return fmt.Sprintf("want the number of an event, such as 120, or a time, such as 2.5s, not %q", argument)
	}
	if !w.stepper.GoToTime(int64(at)) {
		return fmt.Sprintf("there is no event at %v or later: this is the last (#%d)", at, w.stepper.Record())
	}
	return ""
}

func (w *walk) search(text string) string {
	if text != "" {
		w.sought = text
	}
	switch {
	case w.sought == "":
		return "say what to search for, such as /crash"
	case !w.stepper.Search(w.sought):
		return fmt.Sprintf("no event has %q in it", w.sought)
	}
	return ""
}

func (w *walk) only(job string) string {
	if w.stepper.OnlyJob(job) {
		return ""
	}
	if slices.Contains(w.jobs, job) {
		return fmt.Sprintf("there is nothing about %s in this part of the run", job)
	}
	return mistaken(fmt.Sprintf("this run has no job %q", job), "", job, w.jobs).Error()
}
