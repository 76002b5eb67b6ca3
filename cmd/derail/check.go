package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"derail/checker"
	"derail/checker/history"
	"derail/reports"
)

// checkCommand checks histories that were saved.
type checkCommand struct {
	Files []string `arg:"" name:"file" help:"${check_files}"`
	JSON  bool     `name:"json" help:"Print the verdicts as JSON."`

	Property      []string `sep:"none" placeholder:"NAME" help:"${check_property}"`
	SecondOpinion bool     `help:"${check_second}"`

	Picture string `placeholder:"FILE" help:"${check_picture}"`
	Job     string `placeholder:"JOB" help:"The job to draw."`
}

// Help is the end of `derail check --help`.
func (checkCommand) Help() string {
	return `A history is the file history.jsonl in the folder of a saved run, or a file in that form from
anywhere else. It is checked without the simulator: nothing but what it says is known.

Examples:

    derail check out/runs/mine-seed-7
    derail check history.jsonl --picture orders-3.html --job orders-3
    derail check history.jsonl --property claim.exclusive --property fence.held
    derail check history.jsonl --second-opinion
    zcat old.jsonl.gz | derail check --json -

derail schema history prints the schema of that form; what each promise needs to know is in the documentation
of the package derail/checker/history.

The exit code is 0 when every promise was kept, and 1 when one was broken or could not be decided. It is 3
when porcupine is asked as well, and contradicts.
`
}

// examined is one history and the verdicts on it.
type examined struct {
	File     string            `json:"file"`
	Scenario string            `json:"scenario"`
	Seed     uint64            `json:"seed"`
	Hash     string            `json:"hash,omitempty"`
	Outcome  checker.Outcome   `json:"outcome"`
	Verdicts []checker.Verdict `json:"verdicts"`

	// Opinions are of the jobs about which porcupine was asked, where that was asked for.
	Opinions []checker.Opinion `json:"second_opinion,omitempty"`

	history *history.History
}

// Run checks the histories.
func (k *checkCommand) Run(c *console) error {
	if k.Picture != "" && (len(k.Files) != 1 || k.Job == "") || k.Picture == "" && k.Job != "" {
		return wrongInput(errors.New("--picture: want one history, and --job to say which job of it to draw"))
	}
	if first := slices.Index(k.Files, "-"); first >= 0 && slices.Contains(k.Files[first+1:], "-") {
		return wrongInput(errors.New("-: standard input can be read once only"))
	}
	if err := k.known(); err != nil {
		return err
	}
	all := []examined{}
	var troubles []error
	for _, file := range k.Files {
		one, err := k.examine(c, file)
		if err != nil {
			troubles = append(troubles, err)
			continue
		}
		all = append(all, one)
		if !k.JSON {
			c.verdicts(&one)
			if k.SecondOpinion {
				c.secondOpinion(&one)
			}
		}
	}
	if k.JSON {
		if err := c.verdictsJSON(all); err != nil {
			return err
		}
	}
	if len(troubles) > 0 {
		return wrongInput(errors.Join(troubles...))
	}
	if k.Picture != "" {
		if err := k.draw(c, all[0].history); err != nil {
			return err
		}
	}
	switch {
	case slices.ContainsFunc(all, func(e examined) bool { return len(e.contradictions()) > 0 }):
		return silently(exitFault)
	case slices.ContainsFunc(all, func(e examined) bool { return e.Outcome != checker.Valid }):
		return silently(exitUnexpected)
	}
	return nil
}

// known holds the names of properties against those that there are.
func (k *checkCommand) known() error {
	var names []string
	for _, p := range checker.Properties() {
		names = append(names, p.Name)
	}
	for _, name := range k.Property {
		if slices.Contains(names, name) {
			continue
		}
		return mistaken(fmt.Sprintf("--property: there is no property %q", name),
			" (derail list properties lists them)", name, names)
	}
	return nil
}

// looked is the verdicts that are asked for.
func (k *checkCommand) looked(all []checker.Verdict) []checker.Verdict {
	return slices.DeleteFunc(all, func(v checker.Verdict) bool {
		return len(k.Property) > 0 && !slices.Contains(k.Property, v.Property)
	})
}

// mostSteps is how long porcupine may think about one job: some seconds.
const mostSteps = 5_000_000

// contradictions are the opinions that differ from the verdict.
func (e *examined) contradictions() []checker.Opinion {
	return slices.DeleteFunc(slices.Clone(e.Opinions), func(o checker.Opinion) bool { return !o.Differ() })
}

// examine reads and checks one history.
func (k *checkCommand) examine(c *console, file string) (examined, error) {
	in := c.in
	if file != "-" {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			if isCampaign(file) {
				return examined{}, ofCampaign(file)
			}
			file = filepath.Join(file, reports.HistoryFile)
		}
		opened, err := os.Open(file)
		if err != nil {
			return examined{}, unreadable(file, err)
		}
		defer func() { _ = opened.Close() }()
		in = opened
	}
	h, err := history.Read(in, file)
	if err != nil {
		return examined{}, unreadable(file, err)
	}
	report := checker.Report{Verdicts: k.looked(checker.Check(h).Verdicts)}
	e := examined{
		File: file, Scenario: h.Header.Scenario, Seed: h.Header.Seed, Hash: h.Header.Hash,
		Outcome: report.Outcome(), Verdicts: report.Verdicts, history: h,
	}
	if k.SecondOpinion {
		e.Opinions = checker.SecondOpinion(h, mostSteps)
	}
	return e, nil
}

func (c *console) verdictsJSON(all []examined) error {
	return c.json(struct {
		Version   int        `json:"version"`
		Histories []examined `json:"histories"`
	}{reports.Version, all})
}

// The most findings of a verdict, and the most records of a finding, that are told.
const (
	mostFindings = 3
	mostRecords  = 10
)

// verdicts tells what came of one history, a line for each promise, with the evidence against those
// that were broken.
func (c *console) verdicts(e *examined) {
	kept := 0
	for _, v := range e.Verdicts {
		if v.Outcome == checker.Valid {
			kept++
		}
	}
	c.printf("%s: %s, seed %d: %d of %s kept\n", e.File, e.Scenario, e.Seed, kept,
		plural(len(e.Verdicts), "promise"))
	for i, text := range reports.Ruins(e.history) {
		if i == mostFindings {
			c.print("  (and more)\n")
			break
		}
		c.printf("  broken beyond what the promises cover: %s\n", text)
	}
	for _, v := range e.Verdicts {
		summary := v.Summary
		if summary == "" {
			summary = fmt.Sprintf("%s checked", reports.Quantity(int64(v.Checked)))
		}
		if v.Excused > 0 {
			summary += fmt.Sprintf(", %s excused", reports.Quantity(int64(v.Excused)))
		}
		c.printf("  %-9s  %-18s  %s\n", verdictWord(v.Outcome), v.Property, summary)
		for i, found := range v.Findings {
			if i == mostFindings {
				c.printf("%13s(%s)\n", "", plural(len(v.Findings)-i, "more finding"))
				break
			}
			c.finding(e.history, v.Summary, found)
		}
	}
}

// secondOpinion tells what porcupine says.
func (c *console) secondOpinion(e *examined) {
	silent := 0
	for _, o := range e.Opinions {
		if o.Outcome == checker.Unknown || o.Verdict == checker.Unknown {
			silent++
		}
	}
	differ := e.contradictions()
	c.printf("  porcupine agrees about the claims of %d of %s, contradicts about %d; %d undecided\n",
		len(e.Opinions)-silent-len(differ), plural(len(e.Opinions), "job"), len(differ), silent)
	for _, o := range differ {
		c.printf("%13s- %s: porcupine says %s, and claim.linearizable says %s\n", "", o.Job,
			verdictWord(o.Outcome), verdictWord(o.Verdict))
	}
}

func (c *console) finding(h *history.History, summary string, f checker.Finding) {
	if !strings.HasPrefix(summary, f.Text) {
		c.printf("%13s- %s\n", "", f.Text)
	}
	for i, seq := range f.Records {
		if i == mostRecords && len(f.Records) > mostRecords+1 {
			c.printf("%15s... %s\n", "", plural(len(f.Records)-i, "more record"))
			return
		}
		c.printf("%15s#%-6d %s\n", "", seq, reports.Sentence(h, seq))
	}
}

func verdictWord(o checker.Outcome) string {
	switch o {
	case checker.Valid:
		return "kept"
	case checker.Invalid:
		return "BROKEN"
	default:
		return "undecided"
	}
}

// draw writes the picture of one job.
func (k *checkCommand) draw(c *console, h *history.History) error {
	job := slices.Index(h.Jobs, k.Job)
	if job < 0 {
		return mistaken(fmt.Sprintf("--job: the history has no job %q", k.Job), "", k.Job, h.Jobs)
	}
	var page bytes.Buffer
	if err := checker.Picture(h, history.JobID(job), &page); err != nil {
		return fault(fmt.Errorf("cannot draw %s: %w", k.Job, err))
	}
	return c.toFile(k.Picture, func(w io.Writer) error {
		_, err := w.Write(page.Bytes())
		return err
	})
}
