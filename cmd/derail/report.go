package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"derail/reports"
)

// reportCommand shows again what was saved.
type reportCommand struct {
	Dir   string `arg:"" name:"folder" help:"The folder of a campaign (what --out wrote), or of one saved run."`
	HTML  string `name:"html" placeholder:"FILE" help:"${report_html}"`
	JUnit string `name:"junit" placeholder:"FILE" help:"Write a campaign as JUnit XML to this file; - is standard output."`
	JSON  bool   `name:"json" help:"Print it as JSON."`

	Github bool `name:"github" help:"Print what went wrong as annotations of a GitHub workflow."`

	tellFlags
}

// Help is the end of `derail report --help`.
func (reportCommand) Help() string {
	return `Without --html, --junit, --json, --github or --trace it is printed as text: a run as a story, of
which --job, --node, --from and --until tell a part, --all tells everything, and --step goes through it event by
event. What --html and --trace write is the whole run in any case. Nothing is run.

Examples:

    derail report out
    derail report out --github
    derail report out/runs/mine-seed-7
    derail report out/runs/mine-seed-7 --job orders-3 --from 2s --until 4.5s
    derail report out/runs/mine-seed-7 --html seed-7.html
    derail report out/runs/mine-seed-7 --trace seed-7.trace.json

The exit code is 0 when the report could be made, whatever it says.
`
}

// Run shows the folder.
func (r *reportCommand) Run(c *console) error {
	if err := r.alone(r.JSON); err != nil {
		return err
	}
	if err := r.apart(); err != nil {
		return err
	}
	dir := r.Dir
	if filepath.Base(dir) == reports.SummaryFile || filepath.Base(dir) == reports.RunFile {
		dir = filepath.Dir(dir)
	}
	switch {
	case isCampaign(dir):
		return r.campaign(c, dir)
	case isFile(filepath.Join(dir, reports.RunFile)):
		return r.run(c, dir)
	}
	if _, err := os.Stat(dir); err != nil {
		return unreadable(dir, err)
	}
	return wrongInput(fmt.Errorf("%s: there is neither a %s nor a %s: want a folder that --out wrote, or one "+
		"in its %s", dir, reports.SummaryFile, reports.RunFile, runsFolder))
}

// apart refuses two things that would both be printed.
func (r *reportCommand) apart() error {
	printed := r.asked()
	for _, flag := range []struct {
		name, instead string
		printed       bool
	}{
		{"--json", "", r.JSON},
		{"--github", "", r.Github},
		{"--html", ": want a file", r.HTML == "-"},
		{"--junit", ": want a file", r.JUnit == "-"},
		{"--trace", ": want a file", r.Trace == "-"},
	} {
		switch {
		case !flag.printed:
		case printed != "":
			return wrongInput(fmt.Errorf("%s: with %s, standard output is taken%s", flag.name, printed, flag.instead))
		default:
			printed = flag.name
		}
	}
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func (r *reportCommand) campaign(c *console, dir string) error {
	if r.asked() != "" || r.Trace != "" {
		return wrongInput(fmt.Errorf(
			"--job, --node, --from, --until, --all, --step and --trace are for one run: %w", ofCampaign(dir)))
	}
	saved, err := reports.ReadCampaign(dir)
	if err != nil {
		return unreadable(dir, err)
	}
	if r.HTML != "" {
		shown := c.shown(dir, saved)
		if err := c.page(r.HTML, dir, saved, shown); err != nil {
			return err
		}
	}
	if r.JUnit != "" {
		cases := func(w io.Writer) error { return reports.WriteJUnit(w, saved) }
		if err := c.toFile(r.JUnit, cases); err != nil {
			return err
		}
	}
	if r.JSON {
		return reports.WriteSummary(c.out, saved)
	}
	if r.Github {
		return c.github(saved)
	}
	if r.HTML == "" && r.JUnit == "" {
		c.campaign(dir, saved)
	}
	return nil
}

// page writes the page of a folder to a file, wherever that is.
func (c *console) page(file, dir string, saved *reports.Campaign, shown []*reports.RunFolder) error {
	folder := seenFrom(file, dir)
	return c.toFile(file, func(w io.Writer) error {
		return reports.WriteHTMLElsewhere(w, saved, shown, folder)
	})
}

// seenFrom is where a folder is as seen from a file, with slashes; empty: nobody knows, as of what goes to
// standard output.
func seenFrom(file, dir string) string {
	if file == "-" {
		return ""
	}
	from, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return ""
	}
	to, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	way, err := filepath.Rel(from, to)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(way)
}

// campaign prints a saved campaign as it was printed when it was run.
func (c *console) campaign(dir string, saved *reports.Campaign) {
	table := c.tableStyle(saved.Scenarios)
	c.print(reports.Heading(table) + "\n")
	for i := range saved.Scenarios {
		c.print(reports.Line(&saved.Scenarios[i], table) + "\n")
	}
	style := c.style()
	style.Out = dir
	c.print(reports.Explain(saved, style))
}

// shown reads the runs that the page of a campaign has timelines of: the first of each scenario, and those
// that are explained. One that cannot be read is left out with a word.
func (c *console) shown(dir string, saved *reports.Campaign) []*reports.RunFolder {
	var list []*reports.RunFolder
	for i := range saved.Scenarios {
		var folders []string
		s := &saved.Scenarios[i]
		for _, f := range s.Findings {
			folders = append(folders, f.Folder)
		}
		for _, f := range s.Failures {
			folders = append(folders, f.Folder)
		}
		known := map[string]bool{"": true}
		for _, folder := range folders {
			place := filepath.Join(dir, filepath.FromSlash(folder))
			explained := isFile(filepath.Join(place, reports.ExplanationFile))
			if known[folder] || len(known) > mostShown && !explained {
				continue
			}
			known[folder] = true
			run, err := reports.ReadRun(place)
			if err != nil {
				c.complain(fmt.Errorf("left out: %w", unreadable(dir, err)))
				continue
			}
			list = append(list, run)
		}
	}
	return list
}

func (r *reportCommand) run(c *console, dir string) error {
	if r.JUnit != "" {
		return wrongInput(errors.New("--junit: one run is no test suite: want the folder of a campaign"))
	}
	saved, err := readRun(dir)
	if err != nil {
		return err
	}
	if r.HTML != "" {
		if err := c.page(r.HTML, dir, nil, []*reports.RunFolder{saved}); err != nil {
			return err
		}
	}
	switch {
	case r.JSON:
		err = c.runJSON(&saved.Run)
	case r.Github:
		err = c.githubRun(dir, saved)
	}
	if err != nil {
		return err
	}
	return r.tell(c, dir, saved)
}

// tell tells a saved run as a story, or makes a trace of it.
func (r *reportCommand) tell(c *console, dir string, saved *reports.RunFolder) error {
	tale, err := r.telling(saved, c.command("report", dir))
	if err != nil {
		return err
	}
	if r.Trace != "" {
		if err := c.toFile(r.Trace, func(w io.Writer) error { return reports.WriteTrace(w, saved) }); err != nil {
			return err
		}
	}
	switch {
	case r.Step:
		return c.step(saved, tale)
	case r.asked() != "", r.HTML == "" && r.Trace == "" && !r.JSON && !r.Github:
		c.print(reports.RunTold(saved, tale, c.style()))
	}
	return nil
}

// readRun reads the folder of a saved run.
func readRun(dir string) (*reports.RunFolder, error) {
	f, err := reports.ReadRun(dir)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, fs.ErrNotExist) && isCampaign(dir):
		return nil, ofCampaign(dir)
	}
	return nil, unreadable(dir, err)
}

func isCampaign(dir string) bool { return isFile(filepath.Join(dir, reports.SummaryFile)) }

func ofCampaign(dir string) error {
	return wrongInput(fmt.Errorf("%s is the folder of a campaign: its runs are in %s", dir,
		filepath.Join(dir, runsFolder)))
}

// runJSON prints what came of one run, as run.json has it.
func (c *console) runJSON(run *reports.Run) error {
	return c.json(struct {
		Version int `json:"version"`
		*reports.Run
	}{reports.Version, run})
}
