package exhaust_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"derail/sim/exhaust"
	"derail/sim/planted"
)

// inSmallWorld is what becomes of planted bugs in claims when a small world is explored: the one of that
// name, or one in which a task takes longer than a lease lasts, nobody dies, and the answer is lost to any
// one call. There, who waits in vain for the answer to a renewal has lost its claims before it gives up, and
// its task is over just when the next owner has begun.
var inSmallWorld = []struct {
	bug  string
	long int // the other one, with so many tasks
	runs int // until it shows; 0: it does not, in any run that there is
}{
	{bug: "claim-without-compare", runs: 1},
	{bug: "unknown-taken-for-refused", runs: 2788},
	{bug: "consume-leaves-posting", runs: 1},
	{bug: "claim-without-lease", runs: 19},
	{bug: "charged-at-release", runs: 19},
	{bug: "release-by-name", long: 1, runs: 37},
	{bug: "consume-by-non-owner", long: 1, runs: 81},
	{bug: "loss-unnoticed", long: 2, runs: 15},
	// The answer to the look that follows would have to be lost too.
	{bug: "own-try-taken-for-anothers"},
	// Nobody abandons a job.
	{bug: "epoch-stands-still"},
	// Nothing comes into the trash.
	{bug: "trash-without-compare"},
	// The board tells of the loss before a task begins, and nobody sleeps through that.
	{bug: "deadline-ignored", long: 2},
	{bug: "unknown-renewal-taken-for-done", long: 2},
	{bug: "grace-after-the-lease", long: 2},
	{bug: "fence-for-writes-alone", long: 2},
}

// long asks for the tests that take minutes, and told for the name of the one bug that a program was built
// with.
const (
	long = "DERAIL_EXHAUST"
	told = "DERAIL_EXHAUST_BUG"

	inLong = "DERAIL_EXHAUST_TASKS"
)

// TestPlantedClaimBugs: the bugs in claims that are wrappers show as soon as they did. With
// DERAIL_EXHAUST=long so do those that are patches, and whichever cannot show is looked for in every run
// that there is.
func TestPlantedClaimBugs(t *testing.T) {
	for _, known := range inSmallWorld {
		bug, is := planted.Find(known.bug)
		if !is {
			t.Fatalf("there is no bug %s", known.bug)
		}
		if (bug.Patched() || known.runs == 0) && os.Getenv(long) == "" {
			continue
		}
		t.Run(known.bug, func(t *testing.T) {
			runs := 0
			if bug.Patched() {
				runs = huntPatched(t, &bug, known.long)
			} else {
				runs = hunt(t, &bug, known.long)
			}
			t.Logf("%s: %s is broken after %d runs", bug.Name, bug.Property, runs)
			if runs != known.runs {
				t.Errorf("it shows after %d runs; it was to be %d", runs, known.runs)
			}
		})
	}
}

// TestHuntOne hunts the bug that the program was built with: huntPatched runs it.
func TestHuntOne(t *testing.T) {
	bug, is := planted.Find(os.Getenv(told))
	if !is {
		t.Skip("it is for programs that are built with a bug")
	}
	tasks, _ := strconv.Atoi(os.Getenv(inLong))
	fmt.Printf("runs: %d\n", hunt(t, &bug, tasks))
}

// lostMessage takes the place of lostAnswer where any answer can be lost, and the caller waits for it.
const lostMessage = "  - kind: network.loss\n    way: answers\n    rate: 4%\n    times: 1\n"

// hunt explores a small world until the bug shows, and returns how many runs that took, or 0.
func hunt(t *testing.T, bug *planted.Bug, tasks int) (runs int) {
	t.Helper()
	b := smallWorld(t)
	if tasks > 0 {
		b = smallWorld(t, death, "", lostAnswer, lostMessage, reaches, "", "lease: 20s", "lease: 1500ms",
			"work: 1ms", "work: 1977ms", "for: 500us", "for: 300us", "tasks: 1", "tasks: "+strconv.Itoa(tasks))
	}
	l := newLab(t, b)
	l.options.Wrap = bug.Wrap
	found := 0
	c := l.explore(exhaust.New(exhaust.Bounds{}), func(m made) bool {
		runs++
		if caught, _ := bug.Shows(b, m.result, m.report); caught {
			found = runs
			if hash := m.result.Hash; l.again(m.run).Hash != hash {
				t.Errorf("run %d is another when it is made again from its choices", runs)
			}
		}
		return found == 0
	})
	if found == 0 && !c.Ended {
		t.Errorf("the exploration did not end: %v", c.Sentences())
	}
	return found
}

// huntPatched does so in a program that is built with the bug in it.
func huntPatched(t *testing.T, bug *planted.Bug, tasks int) (runs int) {
	t.Helper()
	dir, root := t.TempDir(), filepath.Join("..", "..")
	changes, err := planted.Changes(bug.Patch, func(file string) (string, error) {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		return string(text), err
	})
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]map[string]string{"Replace": {}}
	for i, c := range changes {
		here, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(c.File)))
		if err != nil {
			t.Fatal(err)
		}
		list["Replace"][here] = filepath.Join(dir, strconv.Itoa(i)+".go")
		if err := os.WriteFile(list["Replace"][here], []byte(c.New), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-run", "^TestHuntOne$", "-v", ".")
	command.Env = append(os.Environ(), told+"="+bug.Name)
	if tasks > 0 {
		command.Env = append(command.Env, inLong+"="+strconv.Itoa(tasks))
	}
	out, err := command.CombinedOutput()
	found := regexp.MustCompile(`(?m)^runs: (\d+)$`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	runs, _ = strconv.Atoi(string(found[1]))
	return runs
}
