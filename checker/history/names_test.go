package history

import (
	"testing"
)

func TestWords(t *testing.T) {
	seen := map[string]bool{}
	for typ := Invoke; typ <= Event; typ++ {
		seen[typ.String()] = true
	}
	for kind := Post; kind <= Metric; kind++ {
		seen[kind.String()] = true
	}
	if want := 5 + 30; len(seen) != want {
		t.Errorf("%d different words for types and kinds, want %d: %v", len(seen), want, seen)
	}
	if seen["invalid"] || seen[""] {
		t.Errorf("a type or kind without a word: %v", seen)
	}
	for _, word := range []string{
		Type(0).String(), Type(99).String(), Kind(0).String(), (Metric + 1).String(), Kind(255).String(),
	} {
		if word != "invalid" {
			t.Errorf("what is no type and no kind is called %q", word)
		}
	}
}

func TestOperationsAndEvents(t *testing.T) {
	operations := map[Kind]bool{
		Post: true, Claim: true, Abandon: true, Consume: true, Trash: true, Restore: true, Save: true,
		Owner: true, List: true, Wait: true, Count: true,
	}
	aboutBoard := map[Kind]bool{List: true, Wait: true, Count: true}
	aboutJobs := map[Kind]bool{
		LeaseEnd: true, Move: true, Retry: true, Misled: true, Final: true, Listed: true, Engine: true,
	}
	for kind := Kind(0); kind <= Metric; kind++ {
		if kind.Operation() != operations[kind] {
			t.Errorf("%s is an operation: %v", kind, kind.Operation())
		}
		if kind.aboutJob() != (operations[kind] && !aboutBoard[kind] || aboutJobs[kind]) {
			t.Errorf("%s is about a job: %v", kind, kind.aboutJob())
		}
	}
}

func TestNames(t *testing.T) {
	h := &History{Processes: []string{"a", "b"}, Jobs: []string{"i"}}
	for id, want := range map[ProcessID]string{0: "a", 1: "b", 2: "", None: ""} {
		if got := h.ProcessName(id); got != want {
			t.Errorf("process %d is %q, want %q", id, got, want)
		}
	}
	for id, want := range map[JobID]string{0: "i", 1: "", None: ""} {
		if got := h.JobName(id); got != want {
			t.Errorf("job %d is %q, want %q", id, got, want)
		}
	}
}
