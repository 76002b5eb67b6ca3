package logbook_test

import (
	"testing"

	"derail/core/logbook"
)

// An observer of the store sees every save by the head that it puts.
func TestInspect(t *testing.T) {
	k, l := withFlow(t)
	for epoch := range int64(3) {
		save(t, open(t, l, epoch), running("a", "h"))
	}
	for i, txn := range k.committed {
		heads := 0
		for _, op := range txn.Then {
			flowID, is := logbook.SavedFlow(op.Key)
			if !is {
				continue
			}
			heads++
			if epoch, err := logbook.SavedEpoch(op.Value); flowID != "f" || epoch != int64(i) || err != nil {
				t.Errorf("save %d is of flow %q under claim %d, %v", i, flowID, epoch, err)
			}
		}
		if heads != 1 {
			t.Errorf("save %d puts %d heads", i, heads)
		}
	}
	for _, key := range []string{"", "book/b", "flow/f/p", "flow/f/a/a", "job/f/h"} {
		if flowID, is := logbook.SavedFlow(key); is {
			t.Errorf("%q is taken for the head of %q", key, flowID)
		}
	}
	if _, err := logbook.SavedEpoch([]byte("nonsense")); err == nil {
		t.Error("nonsense is taken for a head")
	}
}

// TestFlowOf: whatever is stored of a flow detail says whose it is.
func TestFlowOf(t *testing.T) {
	for key, want := range map[string]string{
		"flow/f/h": "f", "flow/f/p": "f", "flow/f/a/h": "f", "flow/f": "", "book/b": "", "": "", "other/f/h": "",
	} {
		if flowID, is := logbook.FlowOf(key); flowID != want && is || is != (want != "") {
			t.Errorf("%q is of %q, %t", key, flowID, is)
		}
	}
}
