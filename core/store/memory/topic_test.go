package memory

import (
	"errors"
	"testing"

	"derail/core/store"
)

// TestTopicsKeepWhatIsRemembered: what subscriptions to one prefix share is no more than about what the
// machine remembers of it, and is gone with the last of them.
func TestTopicsKeepWhatIsRemembered(t *testing.T) {
	m := NewMachine()
	m.Remember(64)
	a, err := m.Subscribe("a/", 0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Subscribe("a/", 0)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	b.OnPending = func() { told++ }
	for i := range 10_000 {
		m.Apply(store.Txn{Then: []store.Op{store.Put("a/1", nil), store.Put("b/1", nil)}}, 0)
		if changes, err := a.Take(nil); err != nil || len(changes) != 1 || changes[0].Pair.Key != "a/1" {
			t.Fatalf("change %d: %v, %v", i, changes, err)
		}
	}
	if len(m.topics) != 1 || cap(m.topics[0].places) > 256 {
		t.Errorf("%d topics, room for %d places", len(m.topics), cap(m.topics[0].places))
	}
	if _, err := b.Take(nil); told != 1 || !errors.Is(err, store.ErrCompacted) {
		t.Errorf("it was told %d times that something is pending; %v", told, err)
	}
	a.Close()
	b.Close()
	if len(m.topics) != 0 {
		t.Errorf("%d topics are left", len(m.topics))
	}
}
