package jobboard

import (
	"testing"

	"derail/core/record"
)

// TestARestIsNotNothing reads ledgers with a rest of no time, which none is written with.
func TestARestIsNotNothing(t *testing.T) {
	for rest, good := range map[int64]bool{-1: false, 0: false, 1: true} {
		w := record.Begin(ledgerRecord, withRest, 40)
		appendLedger(&w, &Ledger{})
		w.Int(rest)
		if l, err := decodeLedger(w.End()); (err == nil) != good || good && int64(l.Rest) != rest {
			t.Errorf("a rest of %d ns: %v, %v", rest, l.Rest, err)
		}
	}
}
