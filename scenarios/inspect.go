package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// inspection holds values against each other, where [decoder] looks at each alone.
type inspection struct {
	*decoder
	*Scenario
	opts ParseOptions
	// groups are the names of the job groups, total the number of jobs; countable says that all of
	// them could be read.
	groups    []string
	total     int
	countable bool
}

func inspect(scenario *Scenario, decoded *decoder, opts ParseOptions) {
	if decoded.bad[""] {
		return
	}
	i := &inspection{decoder: decoded, Scenario: scenario, opts: opts}
	i.choices() // of which a default hangs
	scenario.fillDependent()
	i.name("name", scenario.Name)
	i.machinery()
	i.promises()
	i.observers()
	i.backoff()
	i.jobs()
	i.faults()
	i.swarm()
	i.expectation()
}

// sound says that all of the paths could be read.
func (i *inspection) sound(paths ...string) bool {
	for _, path := range paths {
		for cut := len(path); cut > 0; cut = strings.LastIndexAny(path[:cut], ".[") {
			if i.bad[path[:cut]] {
				return false
			}
		}
	}
	return true
}

// soundInside says that the path and all in it could be read.
func (i *inspection) soundInside(path string) bool {
	for bad := range i.bad {
		rest, inside := strings.CutPrefix(bad, path)
		if inside && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return false
		}
	}
	return true
}

// report adds a problem with the value at the path.
func (i *inspection) report(path, want, problem string, args ...any) {
	i.add(i.spotFor(path), fmt.Sprintf(problem, args...), want)
}

const longestName = 64

var nameForm = regexp.MustCompile(`^[a-z0-9]+(?:-+[a-z0-9]+)*$`)

// name checks what becomes part of file names and of jobs' names.
func (i *inspection) name(path, name string) {
	switch {
	case !i.sound(path):
	case name == "":
		i.report(path, "write a name such as slow-store", "the name is empty")
	case len(name) > longestName:
		i.report(path, fmt.Sprintf("write at most %d", longestName), "a name of %d characters", len(name))
	case !nameForm.MatchString(name):
		want := "write lower-case letters, digits and hyphens"
		if likely := clean(name); likely != "" {
			want += ", such as " + likely
		}
		i.report(path, want, "%s is not a name", quoted(name))
	}
}

func (i *inspection) backoff() {
	backoff, path := i.Policy.Backoff, "policy.backoff"
	if !i.sound(path, path+".first", path+".factor", path+".max") {
		return
	}
	switch {
	case i.given(path) && backoff.First == 0 && (backoff.Factor != 0 || backoff.Max != 0):
		i.report(path, "write first: 1s, or leave backoff out", "a backoff without a first wait")
	case backoff.First > 0 && backoff.Max < backoff.First:
		i.report(path+".max", fmt.Sprintf("write %s or more", backoff.First),
			"max %s is less than first %s", backoff.Max, backoff.First)
	}
}

const mostJobs = 100_000

func (i *inspection) jobs() {
	if i.given("jobs") && len(i.Jobs) == 0 && i.sound("jobs") {
		i.report("jobs", "write at least one group, beginning with - name: NAME", "there are no jobs")
	}
	sound := true
	for n, group := range i.Jobs {
		path := fmt.Sprintf("jobs[%d]", n)
		i.name(path+".name", group.Name)
		if i.sound(path + ".name") {
			if slices.Contains(i.groups, group.Name) {
				i.report(path+".name", "give each group a name of its own",
					"there are two groups %s", quoted(group.Name))
			} else {
				i.groups = append(i.groups, group.Name)
			}
		}
		i.total += group.Count
		if i.total > mostJobs && i.total-group.Count <= mostJobs {
			i.report(path+".count", fmt.Sprintf("write fewer than %d in all", mostJobs), "too many jobs")
		}
		i.posting(path, group)
		if group.Flow != nil {
			before := len(i.problems)
			i.flow(path, &group)
			sound = sound && len(i.problems) == before
		}
	}
	i.countable = sound && i.soundJobs()
}

// posting checks that all jobs are posted while faults happen: a later one would have no part in the
// experiment.
func (i *inspection) posting(path string, group Jobs) {
	if !i.sound("break", path+".at", path+".every", path+".count") {
		return
	}
	left, intervals := i.Break-group.At, Duration(group.Count-1)
	switch {
	case left <= 0:
		i.beyondBreak(path+".at", "at", group.At)
	case intervals > 0 && group.Every.High > left/intervals:
		i.report(path+".every", "write fewer jobs, or a shorter every",
			"the last of %d jobs may be posted after the breaking phase of %s", group.Count, i.Break)
	}
}

func (i *inspection) beyondBreak(path, key string, value Duration) {
	i.report(path, fmt.Sprintf("write less than %s", i.Break),
		"%s %s is beyond the breaking phase of %s", key, value, i.Break)
}

// soundJobs says that all jobs could be read, so that they can be counted.
func (i *inspection) soundJobs() bool {
	for n := range i.Jobs {
		path := fmt.Sprintf("jobs[%d]", n)
		if !i.sound(path+".name", path+".count", path+".tasks") || !i.soundInside(path+".flow") {
			return false
		}
	}
	return i.sound("jobs")
}

// group checks the name of a job group.
func (i *inspection) group(path, name string) {
	if i.countable && i.sound(path) && !slices.Contains(i.groups, name) {
		wrong := unknown("job group", name, i.groups)
		i.report(path, wrong.want, "%s", wrong.problem)
	}
}
