package simtest_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"derail/checker"
	"derail/checker/history"
	"derail/core/flow"
	"derail/core/host"
	"derail/sim/simtest"
)

// bank is a fake of a bank, which outlives the conductors of a run.
type bank struct {
	knows   map[string]bool // the transfers that it has carried out, by their key
	balance map[string]int  // by job, for whose sake money was moved
}

// transfer moves money, once for each key. An empty key is none.
func (b *bank) transfer(ctx context.Context, h host.Host, key, job string, amount int) error {
	if err := h.Sleep(ctx, 20*time.Millisecond); err != nil {
		return err
	}
	if key == "" || !b.knows[key] {
		b.knows[key] = true
		b.balance[job] += amount
	}
	return nil
}

// paying is a flow of real tasks: a customer is charged, and the money is given back if what comes after it
// fails. keyed says whether the tasks tell the bank what they have asked for before.
func paying(b *bank, keyed bool) func(h host.Host, inputs flow.Args) (*flow.Flow, error) {
	key := func(what, job string) string {
		if !keyed {
			return ""
		}
		return what + " " + job
	}
	return func(h host.Host, _ flow.Args) (*flow.Flow, error) {
		type order struct {
			Job string
		}
		charge := flow.Reversible("charge",
			func(ctx context.Context, in order) (int64, error) {
				return 10, b.transfer(ctx, h, key("charge", in.Job), in.Job, 10)
			},
			func(ctx context.Context, in order, of flow.Undone[int64]) error {
				return b.transfer(ctx, h, key("refund", in.Job), in.Job, -10)
			})
		ship := flow.Func("ship", func(ctx context.Context, in order) (string, error) {
			return "parcel", h.Sleep(ctx, time.Second)
		})
		return flow.Linear("pay", charge, ship), nil
	}
}

// paidOnce: nobody pays more than once for an order.
func paidOnce(b *bank) simtest.Property {
	return simtest.Property{
		Name: "paid.once", Sentence: "Nobody pays more than once for an order.",
		Check: func(h *history.History) (found []checker.Finding) {
			for id, job := range h.Jobs {
				if b.balance[job] > 10 {
					found = append(found, checker.Finding{
						Job: job, Text: fmt.Sprintf("%d were paid for %s, which costs 10", b.balance[job], job),
						Records: movesOf(h, history.JobID(id), "charge"),
					})
				}
			}
			return found
		},
	}
}

// movesOf are the records of an atom's moves.
func movesOf(h *history.History, job history.JobID, atom string) (records []int64) {
	for i := range h.Records {
		if r := &h.Records[i]; r.Kind == history.Move && r.Job == job && r.Subject == atom {
			records = append(records, int64(i)+1)
		}
	}
	return records
}

// payments is a configuration with a bank of its own for each run.
func payments(keyed bool) simtest.Config {
	return simtest.Config{
		EachRun: func(c *simtest.Config) {
			b := &bank{knows: map[string]bool{}, balance: map[string]int{}}
			c.Flow = paying(b, keyed)
			c.Properties = []simtest.Property{paidOnce(b)}
		},
	}
}

// Tasks of one's own: Go functions, which take their time from the host. The bank lasts as long as a run and
// longer than any conductor, so it is made in EachRun. Tasks can be executed again, after a crash between
// what they do and what is recorded of it; this bank is told a key by which it knows what it has done.
func ExampleCheck_task() {
	passed := simtest.Try(os.Stdout, func(t simtest.TB) { // in a test, t is the *testing.T
		simtest.Check(t, payments(true))
	})
	fmt.Println("passed:", passed)
	// Output: passed: true
}

// Without a key the bank charges again: one order, one conductor and one fault are enough.
func ExampleCheck_task_wrong() {
	var says strings.Builder
	simtest.Try(&says, func(t simtest.TB) { simtest.Check(t, payments(false)) })
	_, theCase, _ := strings.Cut(says.String(), ":\n") // behind how much was tried
	theCase, _, _ = strings.Cut(theCase, "\n\n")
	fmt.Println(theCase)
	// Output:
	//   conductors  1, each with up to 1 job at once, leases of 3s
	//   policy      5 attempts
	//   jobs        a-1: a flow of the test's own, posted after 0s
	//   faults      task.hang times=1
	//   choices     each the first possible one
}

// TestCustomFlowsAreCheckedByTheirForm: of a flow of the test's own the checker knows what comes after what.
func TestCustomFlowsAreCheckedByTheirForm(t *testing.T) {
	var shapes []history.Shape
	tasks := func(names ...string) (items []flow.Item) {
		for _, name := range names {
			does := func(context.Context, struct{}) (string, error) { return name, nil }
			items = append(items, flow.Func(name, does))
		}
		return items
	}
	simtest.Check(t, simtest.Config{
		Flow: func(host.Host, flow.Args) (*flow.Flow, error) {
			graph := tasks("d", "e", "f")
			g := flow.Graph("graph", graph...).Link(graph[0], graph[2]).Link(graph[1], graph[2])
			return flow.Linear("all", append(tasks("a"), flow.Unordered("two", tasks("b", "c")...), g)...), nil
		},
		Properties: []simtest.Property{{Name: "seen", Check: func(h *history.History) []checker.Finding {
			shapes = slices.Clone(h.Header.Shapes)
			return nil
		}}},
	})
	if len(shapes) == 0 {
		t.Fatal("there is no form")
	}
	got := ""
	for _, a := range shapes[0].Atoms {
		got += fmt.Sprintln(a.Name, a.After)
	}
	const want = "a []\nb [a]\nc [a]\nd [b c]\ne [b c]\nf [d e]\n"
	if got != want {
		t.Errorf("it is\n%snot\n%s", got, want)
	}
}
