package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"derail/checker"
)

// Annotation is a remark that a GitHub workflow shows beside a line of a file.
type Annotation struct {
	Level   string // error, warning or notice
	File    string // as the repository has it; empty: beside no file
	Line    int    // from 1; 0: not known
	Title   string
	Message string
}

// mostAnnotations is how many errors GitHub shows of one step; what comes after them is left out there.
const mostAnnotations = 10

// WriteAnnotations writes annotations as commands of a GitHub workflow, a line each. Of more than GitHub
// shows, the last says how many are left out.
func WriteAnnotations(w io.Writer, list []Annotation) error {
	var b strings.Builder
	for i, a := range list {
		if left := len(list) - i; i == mostAnnotations-1 && left > 1 {
			a = Annotation{
				Level: a.Level, Title: "derail",
				Message: plural(int64(left), "more problem") + ": derail report tells them.",
			}
			b.WriteString(a.command())
			break
		}
		b.WriteString(a.command())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// command is the annotation as a command of a workflow.
func (a *Annotation) command() string {
	var properties []string
	if a.File != "" {
		properties = append(properties, "file="+escapedProperty(a.File))
		if a.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", a.Line))
		}
	}
	properties = append(properties, "title="+escapedProperty(a.Title))
	return fmt.Sprintf("::%s %s::%s\n", a.Level, strings.Join(properties, ","), escapedMessage(a.Message))
}

var (
	messageEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// escapedMessage keeps a message on its line. What is broken into lines shows as lines.
func escapedMessage(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return messageEscapes.Replace(strings.Join(lines, "\n"))
}

// escapedProperty keeps a property from ending early.
func escapedProperty(text string) string { return propertyEscapes.Replace(clean(text)) }

// CampaignAnnotations are an error for each promise that a scenario did not keep, for whatever else was not
// as expected and for runs that are not reproducible; or one notice, where all was as expected. place says
// in which file a scenario is, and on which line it begins.
func CampaignAnnotations(c *Campaign, place func(*Scenario) (file string, line int)) []Annotation {
	var list []Annotation
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		file, line := place(s)
		for _, text := range problemsOf(s) {
			list = append(list, Annotation{
				Level: "error", File: file, Line: line, Title: "derail: " + s.Name + ": " + text[0], Message: text[1],
			})
		}
	}
	if c.Interrupted || len(list) == 0 {
		level := "notice"
		if c.Interrupted {
			level = "warning"
		}
		list = append(list, Annotation{Level: level, Title: "derail", Message: conclusion(c)})
	}
	return list
}

// problemsOf are what was not as expected of a scenario: a title and a message each.
func problemsOf(s *Scenario) [][2]string {
	var list [][2]string
	if s.Runs == 0 || s.AsExpected {
		return nil
	}
	for _, p := range s.Properties {
		if p.AsExpected() {
			continue
		}
		text := fmt.Sprintf("%s (%s).", propertyNote(p), plural(int64(s.Runs), "run"))
		if p.Broken > 0 && !p.ExpectBroken {
			text = fmt.Sprintf("Broken in %s of %s.", grouped(int64(p.Broken)), plural(int64(s.Runs), "run"))
		}
		if at := slices.IndexFunc(s.Failures, func(f Failure) bool { return failedBy(&f, p.Name) }); at >= 0 {
			f := &s.Failures[at]
			text += exampleOf(f, p.Name)
		}
		list = append(list, [2]string{p.Name, text})
	}
	for _, unmet := range s.Unmet {
		list = append(list, [2]string{"not as expected", unmet})
	}
	for i := range s.Failures {
		f := &s.Failures[i]
		switch {
		case f.Nondeterministic:
			text := differenceText(f.SecondHash, f.Difference)
			text = fmt.Sprintf("Seed %d: %s%s", f.Seed, text, againText(f))
			list = append(list, [2]string{"not deterministic", text})
		case len(f.Unmet) > 0:
			text := fmt.Sprintf("Seed %d: %s", f.Seed, strings.Join(f.Unmet, "; "))
			list = append(list, [2]string{"not as expected", text + againText(f)})
		}
	}
	if len(list) == 0 {
		list = append(list, [2]string{"failed", s.Expectation})
	}
	return list
}

func failedBy(f *Failure, property string) bool {
	return slices.ContainsFunc(f.Broken, func(b Breach) bool { return b.Property == property })
}

// exampleOf is the failing run that shows a broken promise.
func exampleOf(f *Failure, property string) string {
	text := ""
	for _, b := range f.Broken {
		if b.Property == property {
			text = fmt.Sprintf("\nSeed %d%s", f.Seed, sentenceAfter(b.Summary))
		}
	}
	if f.Cause != "" {
		text += "\n" + f.Cause
	}
	return text + againText(f)
}

func againText(f *Failure) string {
	if f.Replay == "" {
		return ""
	}
	return "\nRun it again with: " + f.Replay
}

// RunAnnotations are those of one saved run, whose scenario begins on a line of a file.
func RunAnnotations(f *RunFolder, file string, line int) []Annotation {
	r := &f.Run
	title := fmt.Sprintf("derail: %s, seed %d", r.Scenario, r.Seed)
	if r.AsExpected {
		return []Annotation{{Level: "notice", Title: title, Message: firstUpper(runOutcome(r.Verdicts)) + "."}}
	}
	var list []Annotation
	add := func(what, text string) {
		if r.Replay != "" {
			text += "\nRun it again with: " + r.Replay
		}
		list = append(list, Annotation{
			Level: "error", File: file, Line: line, Title: title + ": " + what, Message: text,
		})
	}
	for _, v := range brokenVerdicts(r.Verdicts) {
		text := "Broken"
		if v.Outcome != checker.Invalid {
			text = "Undecided"
		}
		text += sentenceAfter(v.Summary)
		if cause := Cause(f.History, v); cause != "" {
			text += "\n" + cause
		}
		if e := f.Explanation; e != nil && e.Property == v.Property {
			text += "\n" + e.Summary
		}
		add(v.Property, text)
	}
	for _, text := range r.Unmet {
		add("not as expected", text)
	}
	if r.Nondeterministic {
		add("not deterministic", differenceText(r.SecondHash, r.Difference))
	}
	if len(list) == 0 {
		add("failed", r.Expectation)
	}
	return list
}
