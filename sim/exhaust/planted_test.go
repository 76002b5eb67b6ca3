package exhaust_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"derail/sim/exhaust"
	"derail/sim/planted"
)

// shown is a bug that shows.
type shown struct {
	bug   string
	world string // which of variants
	runs  int    // until it shows
}

// inSmallWorld is after how many runs planted bugs in claims show when a small world is explored: the one
// of that name, or a variant of it. Each variant has what the bug needs and the small world has not.
var inSmallWorld = []shown{
	{"claim-without-compare", asItIs, 1},
	{"unknown-taken-for-refused", asItIs, 2788},
	{"consume-leaves-posting", asItIs, 1},
	{"claim-without-lease", asItIs, 19},
	{"charged-at-release", asItIs, 19},
	{"release-by-name", "a long task", 37},
	{"consume-by-non-owner", "a long task", 81},
	{"loss-unnoticed", "two long tasks", 15},
	// Nothing comes into the trash until attempts are used up, and nothing out of it without an operator.
	{"trash-without-compare", "one attempt", 19},
	{"restored-as-new", "a second chance", 3},
	// Nobody abandons a job unless its task fails.
	{"epoch-stands-still", "a failure", 4},
	{"epoch-stands-still", "a death and a failure", 503},
	{"counted-and-given-back", "a failure", 4},
	{"counted-and-given-back", "a death and a failure", 503},
	{"excused-and-charged", "an excused failure", 2},
	// With one lost answer, the look that follows tells the truth, if it is answered, and from the present.
	{"own-try-taken-for-anothers", "two lost answers", 425},
	{"adoption-charges", "a lost answer, and no look", 16},
	{"adoption-charges", "a death, and no look", 2784},
	{"claim-read-from-the-past", "a stale read", 99},
	// Nobody claims what was claimed in the meantime, unless the claim is under way for longer than that takes.
	{"owner-claims-again", "a late request", 31},
	{"claim-from-stale-view", "a slow claim", 16},
	{"claim-from-stale-view", "a death and a slow claim", 3194},
	{"changed-since-is-good-enough", "a slow claim and a rest", 8},
	// After one lost renewal the next comes in time.
	{"unknown-renewal-taken-for-done", "two lost renewals", 2130},
	// After one late answer the next renewal is in time, and moves the deadline again.
	{"deadline-from-answer", "two late messages", 681},
	// The clock and the board tell of the loss before anything is done, unless its owner sleeps through that.
	{"deadline-ignored", "a pause in a save", 1},
	{"grace-after-the-lease", "a pause in a save", 1},
	{"held-before-the-save", "a pause in a save", 1},
	{"save-without-compare", "a pause in a save", 1},
	{"adopted-after-the-lease", "a pause in a save", 1},
	{"fence-for-writes-alone", "a pause in a claim", 9},
	// It takes two claims of one name, the earlier one carried out late, and no answer to the later one.
	{"twins-mistaken", "twins", 1701},
}

// inClaims are the properties of claims, of what they count and of what they fence.
var inClaims = []string{"claim.linearizable", "claim.exclusive", "attempt.counted", "fence.held"}

// TestNoneIsLeftOut: every planted bug that is caught by a property of claims is in the table.
func TestNoneIsLeftOut(t *testing.T) {
	for _, bug := range planted.Bugs() {
		listed := slices.ContainsFunc(inSmallWorld, func(known shown) bool { return known.bug == bug.Name })
		if slices.Contains(inClaims, bug.Property) && !listed {
			t.Errorf("%s breaks %s, and nobody looks for it in a small world", bug.Name, bug.Property)
		}
	}
}

// long asks for the tests that take minutes (all of them a quarter of an hour), told is the name of the one
// bug that a program was built with, and where that of the variant in which it is to show.
const (
	long  = "DERAIL_EXHAUST"
	told  = "DERAIL_EXHAUST_BUG"
	where = "DERAIL_EXHAUST_WORLD"
)

// TestPlantedClaimBugs: the bugs in claims that are wrappers show as soon as they did, and with
// DERAIL_EXHAUST=long so do those that are patches.
func TestPlantedClaimBugs(t *testing.T) {
	for _, known := range inSmallWorld {
		bug, is := planted.Find(known.bug)
		if !is {
			t.Fatalf("there is no bug %s", known.bug)
		}
		if bug.Patched() && os.Getenv(long) == "" {
			continue
		}
		t.Run(known.bug+", "+known.world, func(t *testing.T) {
			runs := huntAny(t, &bug, known.world)
			t.Logf("%s: %s is broken after %d runs", bug.Name, bug.Property, runs)
			if runs != known.runs {
				t.Errorf("it shows after %d runs; it was to be %d", runs, known.runs)
			}
		})
	}
}

// TestNeedsItsVariant: what is looked for in a variant does not show in any run of the small world as it is.
func TestNeedsItsVariant(t *testing.T) {
	if os.Getenv(long) == "" {
		t.Skip("it takes some minutes: " + long + "=long asks for it")
	}
	last := ""
	for _, known := range inSmallWorld {
		if known.world == asItIs || known.bug == last {
			continue
		}
		last = known.bug
		t.Run(known.bug, func(t *testing.T) {
			bug, _ := planted.Find(known.bug)
			if runs := huntAny(t, &bug, asItIs); runs > 0 {
				t.Errorf("it shows after %d runs, without %s", runs, known.world)
			}
		})
	}
}

func huntAny(t *testing.T, bug *planted.Bug, variant string) (runs int) {
	t.Helper()
	if bug.Patched() {
		return huntPatched(t, bug, variant)
	}
	return hunt(t, bug, variant)
}

// TestHuntOne hunts the bug that the program was built with: huntPatched runs it.
func TestHuntOne(t *testing.T) {
	bug, is := planted.Find(os.Getenv(told))
	if !is {
		t.Skip("it is for programs that are built with a bug")
	}
	fmt.Printf("runs: %d\n", hunt(t, &bug, os.Getenv(where)))
}

// hunt explores a variant of the small world until the bug shows, and returns how many runs that took, or 0.
func hunt(t *testing.T, bug *planted.Bug, variant string) (runs int) {
	t.Helper()
	b := blueprint(t, variant)
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
func huntPatched(t *testing.T, bug *planted.Bug, variant string) (runs int) {
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
	command.Env = append(os.Environ(), told+"="+bug.Name, where+"="+variant)
	out, err := command.CombinedOutput()
	found := regexp.MustCompile(`(?m)^runs: (\d+)$`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	runs, _ = strconv.Atoi(string(found[1]))
	return runs
}
