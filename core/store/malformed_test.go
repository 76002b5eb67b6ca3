package store_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"derail/core/store"
)

func TestMalformed(t *testing.T) {
	many := func(n int) []store.Op {
		ops := make([]store.Op, n)
		for i := range ops {
			ops[i] = store.Put("k"+strconv.Itoa(i), nil)
		}
		return ops
	}
	tests := []struct {
		name string
		txn  store.Txn
		want string // part of the error, or empty for none
	}{
		{"nothing at all", store.Txn{}, ""},
		{"each condition", store.Txn{If: []store.Compare{
			{Key: "a", Condition: store.Absent},
			{Key: "a", Condition: store.Present},
			{Key: "a", Condition: store.ChangedAt},
		}}, ""},
		{"forgotten condition", store.Txn{If: []store.Compare{{Key: "a"}}}, "comparison 0"},
		{"condition past the last", store.Txn{If: []store.Compare{
			{Key: "a", Condition: store.Present},
			{Key: "b", Condition: store.ChangedAt + 1},
		}}, `comparison 1 of "b"`},
		{"compared key empty", store.Txn{If: []store.Compare{{Condition: store.Present}}}, "comparison 0"},
		{"changed key empty", store.Txn{Then: []store.Op{store.Put("a", nil), store.Delete("")}}, "change 1"},
		{"few different", store.Txn{Then: many(16)}, ""},
		{"few with one twice", store.Txn{Then: append(many(5), store.Delete("k4"))}, `"k4" is changed twice`},
		{"many different", store.Txn{Then: many(40)}, ""},
		{"many with one twice", store.Txn{Then: append(many(40), store.Put("k0", nil))}, `"k0" is changed twice`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.txn.Malformed()
			if test.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a refusal with %s", err, test.want)
			}
		})
	}
}

func TestErrLeaseEndedIsARefusal(t *testing.T) {
	if !errors.Is(store.ErrLeaseEnded, store.ErrRefused) || errors.Is(store.ErrLeaseEnded, store.ErrUnknown) {
		t.Error("an ended lease must be refused, and nothing else")
	}
	if errors.Is(store.ErrRefused, store.ErrLeaseEnded) {
		t.Error("not every refusal is about a lease")
	}
}

func TestOutcomeString(t *testing.T) {
	want := map[store.Outcome]string{
		store.Unknown: "unknown", store.Done: "done", store.Conflict: "conflict", store.Refused: "refused",
		99: "unknown",
	}
	for outcome, name := range want {
		if outcome.String() != name {
			t.Errorf("outcome %d is %q, want %q", outcome, outcome, name)
		}
	}
}
