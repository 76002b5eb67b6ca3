package simtest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"derail/checker"
	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/simtest"
)

// TestMain has rapid draw the same cases each time, unless somebody asks for others: what the examples print
// depends on it. Of what fails on purpose it keeps no files here.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(asked) != "" {
		os.Exit(m.Run())
	}
	set("rapid.nofailfile", "true")
	set("test.short", "false") // of which rapid makes a fifth of the cases: too few to show what is looked for
	if flag.Lookup("rapid.seed").Value.String() == "0" {
		set("rapid.seed", "1")
	}
	goleak.VerifyTestMain(m)
}

func set(name, value string) {
	if err := flag.Set(name, value); err != nil {
		panic(err)
	}
}

// The least that there is: derail's own conductors, scripted tasks, and every fault that the core withstands.
func ExampleCheck() {
	passed := simtest.Try(os.Stdout, func(t simtest.TB) { // in a test, t is the *testing.T
		simtest.Check(t, simtest.Config{})
	})
	fmt.Println("passed:", passed)
	// Output: passed: true
}

func TestCoreKeepsItsPromisesOnSQLite(t *testing.T) {
	set("rapid.checks", "30") // it is the real SQLite
	defer set("rapid.checks", "100")
	simtest.Check(t, simtest.Config{
		Scenario: func(s *scenarios.Scenario) { s.Cluster.Store = scenarios.StoreSQLite },
	})
}

// TestPolicyWithRests: a policy with rests has the time that it takes.
func TestPolicyWithRests(t *testing.T) {
	simtest.Check(t, simtest.Config{
		Kinds: []string{"task", "node"},
		Policy: &conductor.Policy{
			Attempts: 4, Backoff: conductor.Backoff{First: 20 * time.Second, Factor: 3, Max: 2 * time.Minute},
			Excuse: []failure.Class{failure.Storage},
		},
	})
}

// FuzzClusters is what the fuzzer of Go drives: go test -fuzz FuzzClusters -fuzzminimizetime 1x.
func FuzzClusters(f *testing.F) {
	simtest.Fuzz(f, simtest.Config{})
}

// endless is what a policy does that excuses too much.
func endless() simtest.Config {
	return simtest.Config{
		Policy: &conductor.Policy{Attempts: 3, Excuse: []failure.Class{failure.Execution}},
		Kinds:  []string{"task"},
	}
}

// told is what a check says that fails.
func told(t *testing.T, c simtest.Config) string {
	t.Helper()
	set("rapid.checks", "1000")
	defer set("rapid.checks", "100")
	var says strings.Builder
	if simtest.Try(&says, func(t simtest.TB) { simtest.Check(t, c) }) {
		t.Fatal("it passed")
	}
	return says.String()
}

func wants(t *testing.T, says string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(says, want) {
			t.Errorf("it does not say %q:\n%s", want, says)
		}
	}
}

// TestMistakesInTheConfiguration are told as such, and at once.
func TestMistakesInTheConfiguration(t *testing.T) {
	for want, c := range map[string]simtest.Config{
		"a case needs at least one of each":                        {Conductors: -1},
		`there is no kind of fault, and no area, called "weather"`: {Kinds: []string{"weather"}},
		`there is no property "claim.excluded"`:                    {MayBreak: []string{"claim.excluded"}},
		"a property needs a name and a check":                      {Properties: []simtest.Property{{Name: "x"}}},
		"Config.Flow: it returned neither a flow nor an error": {
			Flow: func(host.Host, flow.Args) (*flow.Flow, error) { return nil, nil },
		},
		"Config.Flow: out of flows": {
			Flow: func(host.Host, flow.Args) (*flow.Flow, error) { return nil, errors.New("out of flows") },
		},
		"Config.Scenario: ": {
			Scenario: func(s *scenarios.Scenario) { s.Cluster.Engine.Workers = -3 },
		},
	} {
		wants(t, told(t, c), want)
	}
}

// TestCodeThatIsNotRepeatable is found out, and not taken for a broken promise.
func TestCodeThatIsNotRepeatable(t *testing.T) {
	calls := 0
	says := told(t, simtest.Config{
		Flow: func(h host.Host, _ flow.Args) (*flow.Flow, error) {
			return flow.Single(flow.Func("count", func(ctx context.Context, _ struct{}) (int64, error) {
				calls++
				return 1, h.Sleep(ctx, time.Duration(calls)*time.Millisecond)
			})), nil
		},
	})
	wants(t, says, "the same case, run twice, went two ways", "make that anew in Config.EachRun")
}

// TestPanicInAProcess: a run that cannot be run to its end is a failure of its own.
func TestPanicInAProcess(t *testing.T) {
	says := told(t, simtest.Config{
		Faults: -1, Conductors: 1, Jobs: 1,
		Store: func(s store.Store, h host.Host) store.Store {
			h.Go("clumsy", func() {
				if h.Sleep(t.Context(), time.Second) == nil {
					panic("spilt")
				}
			})
			return s
		},
	})
	wants(t, says, simtest.PropertyRunEnded+" is broken: the run stopped", "spilt")
}

// TestOnePropertyIsMadeSmaller: the smallest case breaks the promise that the first one broke, though another
// is broken in cases that are smaller still.
func TestOnePropertyIsMadeSmaller(t *testing.T) {
	count := func(name string, jobs int) simtest.Property {
		return simtest.Property{Name: name, Check: func(h *history.History) []checker.Finding {
			if len(h.Jobs) < jobs {
				return nil
			}
			return []checker.Finding{{Text: fmt.Sprintf("there are %d jobs", len(h.Jobs))}}
		}}
	}
	both := simtest.Config{
		Faults: -1, Properties: []simtest.Property{count("jobs.three", 3), count("jobs.two", 2)},
	}
	met := map[string]bool{}
	defer set("rapid.seed", "1")
	for seed := 1; len(met) < 2; seed++ {
		set("rapid.seed", fmt.Sprint(seed))
		says := told(t, both)
		first, _, _ := strings.Cut(says, ":")
		wants(t, says, map[string]string{
			"jobs.three is broken": "there are 3 jobs", "jobs.two is broken": "there are 2 jobs",
		}[first])
		if met[first] = true; seed == 20 {
			t.Fatalf("only %v came first", met)
		}
	}
}

// TestKindsThatBreakAssumptions have to be asked for by name, and cost what MayBreak allows.
func TestKindsThatBreakAssumptions(t *testing.T) {
	weak := simtest.Config{Kinds: []string{scenarios.KindStorageFailover}}
	says := told(t, weak)
	wants(t, says, "storage.failover ")
	weak.MayBreak = scenarios.Properties()
	simtest.Check(t, weak)
}

// TestCrashesAtSteps: among the faults in the code are crashes at any step, at which nothing of it has a name.
// A store that is no server has none.
func TestCrashesAtSteps(t *testing.T) {
	for where, want := range map[string]bool{scenarios.StoreServer: true, scenarios.StoreSQLite: false} {
		t.Run(where, func(t *testing.T) {
			at := map[string]int{} // how often a fault in the code struck, by where that was
			simtest.Check(t, simtest.Config{
				Kinds: []string{"code"}, Conductors: 2, Jobs: 2,
				Scenario: func(s *scenarios.Scenario) { s.Cluster.Store = where },
				Properties: []simtest.Property{{Name: "seen", Check: func(h *history.History) []checker.Finding {
					for i := range h.Records {
						if r := &h.Records[i]; r.Kind == history.Fault {
							at[r.Subject]++
						}
					}
					return nil
				}}},
			})
			if steps := at["a step"]; steps > 0 != want || len(at) < 2 {
				t.Errorf("of what struck %d were at steps: %v", steps, at)
			}
		})
	}
}

// TestPlainProperty: as a plain property for rapid the whole story is in the failure.
func TestPlainProperty(t *testing.T) {
	rapid.Check(t, simtest.Config{}.Property())
	set("rapid.checks", "1000")
	defer set("rapid.checks", "100")
	var says strings.Builder
	if simtest.Try(&says, func(t simtest.TB) { rapid.Check(t, endless().Property()) }) {
		t.Fatal("it passed")
	}
	wants(t, says.String(), "cycle.none is broken", "What happened", "name: drawn")
}

// hurried is a test whose time is nearly over.
type hurried struct {
	simtest.TB
	said *strings.Builder
	left time.Duration
}

func (h hurried) Deadline() (time.Time, bool) { return time.Now().Add(h.left), true }
func (h hurried) Log(args ...any)             { h.said.WriteString(fmt.Sprint(args...)) }

// TestDeadline: no case is begun when go test is about to end the test, and that is told.
func TestDeadline(t *testing.T) {
	var said strings.Builder
	simtest.Check(hurried{t, &said, time.Second}, simtest.Config{})
	wants(t, said.String(), "every promise was kept in 0 cases; the time for the test was over")
}

// TestDeadlineAfterAFailure: a case that has failed is told as it was drawn, when there is no time to make it
// smaller, and is not taken for one that fails by chance.
func TestDeadlineAfterAFailure(t *testing.T) {
	const left = 6 * time.Second // of which five are kept free
	begun := time.Now()
	var says, said strings.Builder
	if simtest.Try(&says, func(t simtest.TB) {
		simtest.Check(hurried{t, &said, left}, simtest.Config{
			Properties: []simtest.Property{{Name: "never.kept", Check: func(*history.History) []checker.Finding {
				time.Sleep(time.Until(begun.Add(left)) - 4*time.Second)
				return []checker.Finding{{Text: "it is not"}}
			}}},
		})
	}) {
		t.Fatalf("it passed: %s", &said)
	}
	wants(t, says.String(), "never.kept is broken: it is not", "The case:", "it is not as small as it could be")
}
