package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// versionCommand prints the version.
type versionCommand struct{}

// Help is the end of `derail version --help`.
func (versionCommand) Help() string {
	return `A hash is the same on every machine, but only for the same version of derail.

Examples:

    derail version
`
}

// Run prints it.
func (versionCommand) Run(c *console) error {
	build, _ := debug.ReadBuildInfo()
	c.printf("%s\n", versionText(build))
	return nil
}

// versionText is what the build says of itself; a build from a folder that is no clone says little.
func versionText(build *debug.BuildInfo) string {
	parts := []string{"derail"}
	if build != nil {
		if v := build.Main.Version; v != "" {
			parts = append(parts, v)
		}
		for _, s := range build.Settings {
			switch {
			case s.Key == "vcs.revision":
				parts = append(parts, "revision "+s.Value)
			case s.Key == "vcs.modified" && s.Value == "true":
				parts = append(parts, "with changes")
			}
		}
	}
	built := fmt.Sprintf("(%s, %s/%s)", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return strings.Join(append(parts, built), " ")
}
