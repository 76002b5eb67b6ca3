package jobboard

import (
	"errors"
	"strings"
	"testing"
	"time"

	"derail/core/failure"
	"derail/core/flow"
)

// TestRecordsAreOneAllocation: the room for a record is counted before it is written, however long its texts
// are; a claim's two records share one.
func TestRecordsAreOneAllocation(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	inputs, err := NewInputs(flow.Args{{Name: "input", Value: long(700)}})
	if err != nil {
		t.Fatal(err)
	}
	failed := failure.From("", errors.New(long(300)))
	failed.Stack = long(900)
	posting := Posting{
		ID: long(100), Name: long(200), Book: long(400), Flow: long(800), Priority: High, Posted: time.Now(),
	}
	withInputs := posting
	withInputs.Inputs = inputs
	ledger := Ledger{
		Epoch: 1 << 40, Attempts: 1 << 30, Released: 1 << 40, NotBefore: time.Now(), Rest: time.Hour,
	}
	claimed := Job{Posting: posting, Ledger: ledger}
	claimed.Holder = Holder{Owner: long(500), Epoch: 1 << 40, serial: 1 << 40}
	claimed.Rest = 0
	again := claimed
	again.Last = failed
	trashed := Trashed{Posting: withInputs, Ledger: ledger, Reason: Exhausted, By: "somebody", At: time.Now()}
	unreadable := trashed
	unreadable.Reason, unreadable.RawPosting, unreadable.RawLedger = Unreadable, long(2000), long(3000)
	entity := Entity{Kind: long(100), Name: long(200), Host: long(400)}
	for name, encode := range map[string]func(){
		"posting":             func() { encodePosting(&posting) },
		"posting with inputs": func() { encodePosting(&withInputs) },
		"ledger":              func() { encodeLedger(&ledger) },
		"claim":               func() { encodeClaim(&claimed) },
		"claim after failure": func() { encodeClaim(&again) },
		"trash record":        func() { encodeTrashed(&trashed) },
		"unreadable":          func() { encodeTrashed(&unreadable) },
		"entity":              func() { encodeEntity(&entity) },
	} {
		if n := testing.AllocsPerRun(20, encode); n != 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
