package storage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"derail/core/store"
	"derail/core/store/storetest"
	"derail/sim/choice"
	"derail/sim/kernel"
)

// uneven delays let messages overtake each other.
var uneven = span(100*time.Microsecond, 20*ms)

// TestConformance: over links that do their worst short of breaking, the simulated server is a store
// like any other. A case runs as a process, in virtual time.
func TestConformance(t *testing.T) {
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Fixture {
				return fixture(newLab(t, setup{backend: backend, source: choice.Seeded(1), delay: uneven}))
			})
		})
	}
}

// TestConformanceOfManyOrders: the cases with several processes, in orders that other seeds draw.
func TestConformanceOfManyOrders(t *testing.T) {
	for _, c := range storetest.Cases() {
		if !strings.HasPrefix(c.Name, "concurrency/") && !strings.HasPrefix(c.Name, "watch/") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			for seed := range uint64(20) {
				f := fixture(newLab(t, setup{source: choice.Seeded(seed), delay: uneven}))
				f.Slow = true
				f.Do(func(ctx context.Context) {
					if err := c.Check(ctx, f); err != nil {
						t.Errorf("seed %d: %v", seed, err)
					}
				})
			}
		})
	}
}

func fixture(l *lab) storetest.Fixture {
	client, machine := l.connect(1)
	return storetest.Fixture{
		Store: client, Host: machine, TTL: time.Second,
		Do: func(body func(ctx context.Context)) {
			machine.Go("storetest", func() {
				body(background)
				l.kernel.Halt("done")
			})
			if stop := l.kernel.Run(forever); stop.Reason != kernel.Halted || stop.Cause != "done" {
				l.t.Errorf("the case did not come to its end: %v", stop)
			}
			if n := l.subscriptions(); n != 0 {
				l.t.Errorf("the server still serves %d watches", n)
			}
		},
		Compact: func(_ context.Context, upTo store.Revision) error {
			l.server.State().Compact(upTo)
			return nil
		},
	}
}
