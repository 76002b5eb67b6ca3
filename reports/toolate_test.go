package reports

import (
	"testing"

	"derail/checker/history"
)

// TestTooLate: a claim that failed because its own lease had ended is not blamed on the store.
func TestTooLate(t *testing.T) {
	r := history.Record{Kind: history.Claim, Type: history.Fail, Reason: history.ClaimTooLate}
	const want = "conductor-1 could not claim orders-4: its lease had ended"
	if got := failedSentence(&r, "conductor-1", "orders-4"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
