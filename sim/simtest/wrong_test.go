package simtest_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"derail/scenarios"
	"derail/sim/explore"
	"derail/sim/simtest"
	"derail/sim/world"
)

// asked says which of the tests that fail on purpose is to run: they are examined from outside.
const asked = "DERAIL_SIMTEST"

// TestWrongPolicy fails: it is what somebody would write who trusts the policy.
func TestWrongPolicy(t *testing.T) {
	failsOnPurpose(t)
	simtest.Check(t, wrongPolicy())
}

func failsOnPurpose(t *testing.T) {
	if os.Getenv(asked) != t.Name() {
		t.Skip("it fails on purpose: it is run from outside")
	}
}

// fails runs a test that fails, in a process and a folder of its own, and returns what it says.
func fails(t *testing.T, dir, name string, flags ...string) string {
	t.Helper()
	ctx, end := context.WithTimeout(t.Context(), 2*time.Minute)
	defer end()
	flags = append([]string{"-test.run=^" + name + "$", "-rapid.checks=1000"}, flags...)
	command := exec.CommandContext(ctx, os.Args[0], flags...)
	command.Dir, command.Env = dir, append(os.Environ(), asked+"="+name)
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--- FAIL: "+name) {
		t.Fatalf("%s was to fail: %v\n%s", name, err, out)
	}
	return string(out)
}

// TestWrongPolicyIsFound: go test fails, rapid shrinks the case to the least that it takes, and the message
// has the case, the story, and commands that run it again.
func TestWrongPolicyIsFound(t *testing.T) {
	for _, seed := range []string{"0", "1", "2", "3"} { // 0 is none: each process draws its own
		t.Run("seed "+seed, func(t *testing.T) {
			dir := t.TempDir()
			says := fails(t, dir, "TestWrongPolicy", "-rapid.seed="+seed)
			wants(t, says,
				"trash.exact is broken: ", "The promise is: A job is trashed as exhausted when exactly N attempts",
				"jobs        a-1: 1 task of", "choices     each the first possible one",
				"BROKEN trash.exact", "What happened", "(attempt 4, epoch 4)", "name: drawn", "attempts: 3",
			)
			// One conductor that dies, or two that count apart: nothing can be taken from either case.
			if n := strings.TrimSpace(between(t, says, "  conductors ", ",")); n != "1" && n != "2" {
				t.Errorf("%s conductors are left", n)
			}
			if n := strings.Count(between(t, says, "  faults ", "  choices "), "\n"); n > 2 {
				t.Errorf("%d faults are left", n)
			}
			reproduces(t, dir, says)
		})
	}
}

// reproduces runs the commands that a failure tells, and makes sure that the same case fails again.
func reproduces(t *testing.T, dir, says string) {
	t.Helper()
	commands := regexp.MustCompile(`(?m)^\s*go test derail/sim/simtest -run '\^TestWrongPolicy\$' (-rapid\S+)$`)
	found := commands.FindAllStringSubmatch(says, -1)
	if len(found) != 2 {
		t.Fatalf("%d commands are told:\n%s", len(found), says)
	}
	want := between(t, says, "  conductors ", "Run it again")
	for _, command := range found {
		flag := command[1]
		if name, quoted, is := strings.Cut(flag, "="); is {
			if value, err := strconv.Unquote(quoted); err == nil { // as the shell does
				flag = name + "=" + value
			}
		}
		again := fails(t, dir, "TestWrongPolicy", flag)
		if got := between(t, again, "  conductors ", "Run it again"); got != want {
			t.Errorf("with %s it is\n%snot\n%s", flag, got, want)
		}
		if strings.Contains(flag, "failfile") && strings.Contains(again, "made smaller") {
			t.Errorf("the file has a case that can be made smaller:\n%s", again)
		}
	}
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, first := strings.Cut(text, from)
	part, _, second := strings.Cut(rest, to)
	if !first || !second {
		t.Fatalf("there is nothing between %q and %q:\n%s", from, to, text)
	}
	return part
}

// TestScenarioOfAFailure: derail runs the case that a failure tells, where no code of the test's own has a
// part in it, and the same promise is broken.
func TestScenarioOfAFailure(t *testing.T) {
	says := told(t, endless())
	_, text, _ := strings.Cut(says, "The case as a scenario, for derail replay FILE --seed 0:\n")
	s, err := scenarios.Parse("case.yaml", []byte(text), scenarios.ParseOptions{Points: world.Points()})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	b, err := world.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	r := explore.Replay(b, 0, world.Options{})
	v, _ := r.Report.Verdict(scenarios.PropertyCycleNone)
	if v.Summary == "" || !strings.Contains(says, v.Summary) {
		t.Errorf("derail says %+v, and the test %s", v, says)
	}
	if !strings.Contains(says, "hash "+r.Result.History.Header.Hash) {
		t.Errorf("derail runs hash %s: %s", r.Result.History.Header.Hash, says)
	}
}
