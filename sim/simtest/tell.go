package simtest

import (
	"fmt"
	"strconv"
	"strings"

	"derail/checker"
	"derail/reports"
	"derail/scenarios"
	"derail/sim/choice"
)

func (t *trial) found() bool { return t.latest != nil }

func (t *trial) hurried() bool { return t.cut }

func (t *trial) story(again []string) string {
	f := t.latest
	if f.property == noProperty {
		return f.headline
	}
	config, err := t.config.forRun()
	if err != nil {
		return f.headline
	}
	it, err := run(f.plan, config)
	if err != nil || it.verdict(f.property) == nil {
		return f.headline + "\n\n" + errNotRepeatable.Error()
	}
	var b strings.Builder
	b.WriteString(f.headline + "\n")
	if sentence := config.sentence(f.property); sentence != "" {
		b.WriteString("The promise is: " + sentence + "\n")
	}
	fmt.Fprintf(&b, "\nThe case%s:\n", t.shrunk())
	if t.cut {
		b.WriteString("  (the time for the test was over: it is not as small as it could be)\n")
	}
	it.tell(&b)
	b.WriteString("\n" + indented(it.events(it.verdict(f.property)), "  "))
	tellAgain(&b, again)
	text, same := t.scenario(it, f)
	fmt.Fprintf(&b, "\nThe case as a scenario, for derail replay FILE --seed 0%s:\n%s", same,
		indented(text, "  "))
	return b.String()
}

// sentence is what a property says, as a sentence, where it says that.
func (c *Config) sentence(property string) string {
	for _, p := range c.Properties {
		if p.Name == property {
			return p.Sentence
		}
	}
	for _, p := range checker.Properties() {
		if p.Name == property {
			return p.Sentence
		}
	}
	return ""
}

// tellAgain writes the commands that run a case again.
func tellAgain(b *strings.Builder, commands []string) {
	for i, command := range commands {
		text := "Run it again, as long as its file is there"
		if !strings.Contains(command, "failfile") {
			text = "Find it again"
		}
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "%s:\n  %s\n", text, command)
	}
}

// shrunk says from what the case was made.
func (t *trial) shrunk() string {
	if t.first == nil || t.first.text == t.latest.plan.text {
		return ""
	}
	s := t.first.scenario
	return fmt.Sprintf(", made smaller in %s from %s, %s and %s", plural(t.cases, "run"),
		plural(s.Cluster.Conductors, "conductor"), plural(len(s.Jobs), "job"), plural(len(s.Faults), "fault"))
}

// tell writes the case in words.
func (it *ran) tell(b *strings.Builder) {
	s := it.plan.scenario
	row := func(name, text string) { fmt.Fprintf(b, "  %-12s%s\n", name, text) }
	row("conductors", fmt.Sprintf("%d, each with up to %s at once, leases of %v", s.Cluster.Conductors,
		plural(s.Cluster.MaxJobs, "job"), s.Cluster.Lease))
	row("policy", policyText(s.Policy))
	heading := "jobs"
	for i := range s.Jobs {
		row(heading, it.plan.job(&s.Jobs[i]))
		heading = ""
	}
	heading = "faults"
	for i := range s.Faults {
		row(heading, scenarios.FormatFaults(s.Faults[i:i+1]))
		heading = ""
	}
	if len(s.Faults) == 0 {
		row(heading, "none")
	}
	row("choices", choicesText(it.source.Record()))
}

func policyText(p scenarios.Policy) string {
	text := plural(p.Attempts, "attempt")
	if p.Attempts == 0 {
		text = "no limit to the attempts"
	}
	if p.Backoff.First > 0 {
		text += fmt.Sprintf(", a rest of %v after the first, %d times as long after each, up to %v",
			p.Backoff.First, p.Backoff.Factor, p.Backoff.Max)
	}
	if len(p.Excuse) > 0 {
		text += ", failures excused: " + strings.Join(p.Excuse, ", ")
	}
	return text
}

// job tells what a group of jobs is.
func (p *plan) job(j *scenarios.Jobs) string {
	text := j.Name + "-1"
	if j.Count > 1 {
		text += " to " + j.Name + "-" + strconv.Itoa(j.Count)
	}
	if p.own {
		text += ": a flow of the test's own"
	} else {
		text += ": " + tasksText(j)
	}
	if j.Every.High > 0 {
		text += fmt.Sprintf(", one after each %v", j.Every)
	}
	text += fmt.Sprintf(", posted after %v", j.At)
	if j.Priority != scenarios.PriorityNormal {
		text += ", priority " + j.Priority
	}
	return text
}

func tasksText(j *scenarios.Jobs) string {
	text := plural(j.Tasks, "task")
	if j.Tasks > 1 && j.Pattern != "" {
		text += " (" + j.Pattern + ")"
	}
	if j.Flow != nil && j.Flow.Retry != nil {
		text += " under a retry of " + plural(j.Flow.Retry.Attempts, "attempt")
	}
	return text + fmt.Sprintf(" of %v", j.Work)
}

// choicesText says how chance falls.
func choicesText(strayed choice.Record) string {
	if len(strayed) == 0 {
		return "each the first possible one"
	}
	return fmt.Sprintf("each the first possible one, except for %d", len(strayed))
}

// events is the promise that was broken, by what, and the story of the job that it is about.
func (it *ran) events(v *checker.Verdict) string {
	r := it.result
	run := reports.Run{
		Scenario: it.plan.scenario.Name, Hash: fmt.Sprintf("%016x", r.Hash), Verdicts: []checker.Verdict{*v},
		SimulatedNS: r.Simulated, Events: int64(r.Steps), StoreCalls: r.Calls,
		Policy: reports.Policy{
			Attempts: it.plan.scenario.Policy.Attempts, Excuse: it.plan.scenario.Policy.Excuse,
			Cycle: it.plan.scenario.Cycle,
		},
		Jobs: reports.JobCounts{
			Posted: int64(r.Posted), Consumed: int64(r.Consumed), Trashed: int64(r.Trashed), Left: int64(r.Left),
		},
		Ruined: reports.Ruins(r.History),
	}
	counts := map[string]int64{}
	for i, name := range it.blueprint.FaultNames() {
		if r.Faults[i] > 0 {
			counts[name] += r.Faults[i]
		}
	}
	run.Faults = reports.Counts(counts)
	return reports.RunText(&reports.RunFolder{Run: run, History: r.History}, reports.Style{})
}

// scenario is the case as the text of a scenario, with the fewest choices that it takes, and what derail
// will not find the same.
func (t *trial) scenario(it *ran, f *failure) (text, same string) {
	s := *f.plan.scenario
	record := t.fewer(it, f.property)
	s.Seeds, s.Choices = 1, record.String()
	if len(record) == 0 {
		s.Choices = "# each is the first possible one\n"
	}
	s.About = f.headline
	if own := t.config.own(f.property); own != "" {
		same = " (without the test's own " + own + ")"
	}
	return string(s.Brief()), same
}

// own names what of a configuration is code that no scenario can hold.
func (c *Config) own(property string) string {
	var names []string
	for _, part := range []struct {
		is   bool
		name string
	}{
		{c.Conductor != nil, "Conductor"},
		{c.Flow != nil, "Flow"},
		{c.Store != nil, "Store"},
		{c.EachRun != nil, "EachRun"},
		{!knownProperty(property), "property " + property},
	} {
		if part.is {
			names = append(names, part.name)
		}
	}
	return strings.Join(names, ", ")
}

func knownProperty(name string) bool { return len(known([]string{name})) > 0 }

// mostFewer is how many runs are made to find out which choices matter.
const mostFewer = 300

// fewer is the choices of a failure without those that it does not take: halves first, then quarters, and so
// on to single ones.
func (t *trial) fewer(it *ran, property string) choice.Record {
	record, runs := it.source.Record(), 0
	breaks := func(less choice.Record) bool {
		config, err := t.config.forRun()
		if runs++; err != nil || runs > mostFewer || t.late() {
			return false
		}
		again, err := runWith(it.plan, config, choice.Replay(less))
		return err == nil && again.verdict(property) != nil
	}
	for size := len(record); size > 0; size /= 2 {
		for from := 0; from < len(record); {
			to := min(from+size, len(record))
			less := append(append(choice.Record{}, record[:from]...), record[to:]...)
			if breaks(less) {
				record = less
			} else {
				from = to
			}
		}
	}
	return record
}

// indented is text with each line further in.
func indented(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(by)
		}
		b.WriteString(line)
	}
	return b.String()
}

// plural is a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
