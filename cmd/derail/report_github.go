package main

import (
	"bytes"
	"os"
	"path/filepath"

	"derail/reports"
)

// github prints a campaign as annotations of a workflow.
func (c *console) github(saved *reports.Campaign) error {
	place := func(s *reports.Scenario) (string, int) { return s.File, lineOfName(s.File) }
	return reports.WriteAnnotations(c.out, reports.CampaignAnnotations(saved, place))
}

// githubRun prints one saved run as annotations of a workflow.
func (c *console) githubRun(dir string, saved *reports.RunFolder) error {
	file := filepath.ToSlash(filepath.Join(dir, reports.ScenarioFile))
	return reports.WriteAnnotations(c.out, reports.RunAnnotations(saved, file, lineOfName(file)))
}

// lineOfName is the line on which a scenario gives its name; 1 where that cannot be found out.
func lineOfName(file string) int {
	content, err := os.ReadFile(file)
	if file == "" || err != nil {
		return 1
	}
	for i, line := range bytes.Split(content, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("name:")) {
			return i + 1
		}
	}
	return 1
}
