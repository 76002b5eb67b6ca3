package memory

import (
	"context"
	"testing"

	"derail/core/host"
	"derail/core/store"
)

// TestWatchesLeaveNothing: whichever way a watch ends, the machine forgets it.
func TestWatchesLeaveNothing(t *testing.T) {
	for name, end := range map[string]func(s *Store, w store.Watcher, ended context.Context){
		"closed":            func(_ *Store, w store.Watcher, _ context.Context) { w.Close() },
		"its context ended": func(_ *Store, w store.Watcher, ended context.Context) { _, _ = w.Next(ended) },
		"its store is closed": func(s *Store, w store.Watcher, _ context.Context) {
			s.Close()
			_, _ = w.Next(context.Background())
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(host.Real())
			defer s.Close()
			w, err := s.Watch(t.Context(), "", 0)
			if err != nil {
				t.Fatal(err)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			end(s, w, ended)
			if n := len(s.machine.subscriptions); n != 0 {
				t.Errorf("%d subscriptions are left", n)
			}
		})
	}
}
