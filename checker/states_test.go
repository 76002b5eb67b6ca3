package checker

import (
	"strings"
	"testing"

	"derail/checker/history"
)

// moves is every legal move, as the tables of TaskFlow and of the jobboard have them.
var moves = map[subjectKind]string{
	taskSubject: `
		PENDING>RUNNING PENDING>IGNORE RUNNING>SUCCESS RUNNING>FAILURE SUCCESS>REVERTING FAILURE>REVERTING
		REVERTING>REVERTED REVERTING>REVERT_FAILURE REVERTED>PENDING IGNORE>PENDING`,
	retrySubject: `
		PENDING>RUNNING PENDING>IGNORE RUNNING>SUCCESS RUNNING>FAILURE SUCCESS>RETRYING SUCCESS>REVERTING
		FAILURE>REVERTING RETRYING>RUNNING REVERTING>REVERTED REVERTING>REVERT_FAILURE REVERTED>PENDING
		IGNORE>PENDING`,
	flowSubject: `
		PENDING>RUNNING RUNNING>SUCCESS RUNNING>FAILURE RUNNING>REVERTED RUNNING>SUSPENDING RUNNING>RESUMING
		SUCCESS>RUNNING SUCCESS>PENDING FAILURE>RUNNING REVERTED>PENDING SUSPENDING>SUSPENDED
		SUSPENDING>SUCCESS SUSPENDING>FAILURE SUSPENDING>REVERTED SUSPENDING>RESUMING SUSPENDED>RUNNING
		RESUMING>SUSPENDED`,
	jobSubject: `
		UNCLAIMED>CLAIMED CLAIMED>UNCLAIMED CLAIMED>COMPLETE CLAIMED>TRASHED UNCLAIMED>TRASHED
		TRASHED>UNCLAIMED`,
}

func TestTables(t *testing.T) {
	words := strings.Fields(`PENDING RUNNING SUCCESS FAILURE REVERTING REVERTED REVERT_FAILURE IGNORE
		RETRYING SUSPENDING SUSPENDED RESUMING UNCLAIMED CLAIMED COMPLETE TRASHED`)
	if len(words) != int(numStates)-1 {
		t.Fatalf("%d states have words, of %d", len(words), numStates-1)
	}
	for kind, text := range moves {
		legal := map[string]bool{}
		for _, move := range strings.Fields(text) {
			legal[move] = true
		}
		for _, from := range words {
			for _, to := range words {
				if got := tables[kind].legal[stateOf(from)].has(stateOf(to)); got != legal[from+">"+to] {
					t.Errorf("a %s may move from %s to %s: %v", tables[kind].what, from, to, got)
				}
			}
		}
	}
}

func TestWords(t *testing.T) {
	for _, word := range []string{"", "pending", "WAITING", "RETRY", "PENDING "} {
		if s := stateOf(word); s != noState {
			t.Errorf("%q is state %d", word, s)
		}
	}
	for name, want := range map[string]subjectKind{
		"flow": flowSubject, "job": jobSubject, "task-1": taskSubject, "": taskSubject, "Flow": taskSubject,
	} {
		if got := subjectKindOf(history.Move, name); got != want {
			t.Errorf("%q is of kind %d, want %d", name, got, want)
		}
		if got := subjectKindOf(history.Retry, name); got != retrySubject {
			t.Errorf("a retry called %q is of kind %d", name, got)
		}
	}
	for s, want := range map[span]string{{2, 2}: "2", {1, 3}: "1 to 3", {4, never}: "at least 4"} {
		if got := s.String(); got != want {
			t.Errorf("%+v reads %q, want %q", s, got, want)
		}
	}
	for ns, want := range map[int64]string{0: "0.000 s", 1_250_000_000: "1.250 s", 61_001_999_999: "61.001 s"} {
		if got := seconds(ns); got != want {
			t.Errorf("%d reads %q, want %q", ns, got, want)
		}
	}
}
