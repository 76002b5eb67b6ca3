package storage_test

import (
	"testing"

	"derail/core/store"
	"derail/sim/storage"
)

// TestMachineDiesAtAStep: there is a step right before a call is sent, one when its answer comes and one
// when news come. Who dies at the first has sent nothing, and who dies at the others does not hear what
// came.
func TestMachineDiesAtAStep(t *testing.T) {
	for _, x := range []struct {
		name       string
		at         int // the step at which it dies; 0: at none
		kept       bool
		knows      bool
		news, want int // news that are heard, and steps that there are
	}{
		{"at none", 0, true, true, 1, 7},
		{"before the commit", 1, false, false, 0, 1},
		{"at the answer", 2, true, false, 0, 2},
		{"before the watch", 3, true, true, 0, 3},
		{"at the news", 5, true, true, 0, 5},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := newLab(t, setup{})
			m := l.kernel.Node(nodes[1]).Boot()
			steps := 0
			c := storage.NewClient(storage.ClientConfig{
				Server: l.server, Machine: m, Node: 1, Network: l.network,
				Step: func() {
					if steps++; steps == x.at {
						m.Crash()
					}
				},
			})
			knows, news := false, 0
			m.Go("test", func() {
				at := c.Commit(t.Context(), put("a", "1"))
				knows = at.Outcome == store.Done
				w, err := c.Watch(t.Context(), "a", at.Revision-1)
				if err != nil {
					t.Error(err)
					return
				}
				changes, _ := w.Next(t.Context())
				news = len(changes)
				_, _, _ = c.Get(t.Context(), "a")
			})
			l.runs(10 * ms)
			if kept := l.holds("a") == "1"; kept != x.kept || knows != x.knows || news != x.news || steps != x.want {
				t.Errorf("kept: %v, known: %v, %d news, %d steps; want %+v", kept, knows, news, steps, x)
			}
		})
	}
}
