package disk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"derail/core/store"
	"derail/core/store/sqlite"
	"derail/core/store/storetest"
	"derail/scenarios"
	"derail/sim/kernel"
)

const storeFile = "store.db"

func (s *storm) store(m *kernel.Machine, node int) (*sqlite.Store, error) {
	return sqlite.Open(s.t.Context(), sqlite.Config{Path: s.disk.Path(m, node, storeFile), Host: m})
}

// TestStoreConforms: the store in a file keeps its contract on a simulated disk, for a process of its
// own and beside another machine's.
func TestStoreConforms(t *testing.T) {
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Fixture {
				s := newStorm(t, setup{seed: 1, backend: backend}, nil)
				t.Cleanup(s.close)
				m := s.machine(2)
				var opened *sqlite.Store
				s.does(m, func() {
					var err error
					if opened, err = s.store(m, 2); err != nil {
						t.Error(err)
					}
				})
				return storetest.Fixture{
					Store: opened, Host: m, TTL: 2 * time.Second, Slow: true, Patience: time.Hour, Compact: opened.Compact,
					Do: func(body func(ctx context.Context)) { s.does(m, func() { body(t.Context()) }) },
				}
			})
		})
	}
}

// clerk commits on one machine, and remembers across its deaths what was acknowledged.
type clerk struct {
	*storm
	node int
	done []string // the keys that were acknowledged; the value is the key
	next int
}

// ledgers are clerks that share a store.
func ledgers(s *storm, machines int) []*clerk {
	clerks := make([]*clerk, machines)
	for i := range clerks {
		clerks[i] = &clerk{storm: s, node: 2 + i}
	}
	return clerks
}

// work checks what is there and goes on, until something fails.
func (c *clerk) work(m *kernel.Machine) error {
	ctx := c.t.Context()
	opened, err := c.store(m, c.node)
	if err != nil {
		return err
	}
	err = c.verify(ctx, opened)
	for err == nil {
		key := fmt.Sprintf("%d/%06d", c.node, c.next)
		c.next++
		commit := opened.Commit(ctx, store.Txn{
			If:   []store.Compare{{Key: key, Condition: store.Absent}},
			Then: []store.Op{store.Put(key, []byte(key)), store.Put("last", []byte(key))},
		})
		if commit.Outcome == store.Done {
			c.done = append(c.done, key)
			c.commits++
		}
		if err = commit.Err; err != nil {
			c.aborts++
		}
	}
	return errors.Join(err, opened.Close())
}

func (c *clerk) verify(ctx context.Context, opened *sqlite.Store) error {
	switch err := opened.Check(ctx); {
	case err != nil && strings.Contains(err.Error(), "error code=266"):
		return sqlite3.IOERR_READ // SQLite's own check names a read that failed as if that were damage
	case err != nil:
		return err
	}
	prefix := fmt.Sprintf("%d/", c.node)
	there, err := opened.Range(ctx, prefix)
	if err != nil {
		return err
	}
	c.checks++
	for _, key := range c.done {
		if !slices.ContainsFunc(there.Pairs, func(p store.Pair) bool { return p.Key == key }) {
			c.lost++
		}
	}
	for _, pair := range there.Pairs {
		if string(pair.Value) != pair.Key {
			c.damage = fmt.Errorf("the value of %s is %s", pair.Key, pair.Value)
		}
	}
	return nil
}

// rage lets clerks work on a store until the power was lost often enough.
func (s *storm) rage(clerks []*clerk) {
	s.t.Helper()
	s.begins = func() {
		for i, c := range clerks {
			m := s.machines[i]
			m.Go("clerk", func() {
				for {
					err := c.work(m)
					if errors.Is(err, sqlite.ErrDamaged) {
						s.damage = err
						s.kernel.Halt("damage")
					}
					_ = m.Sleep(s.t.Context(), time.Duration(1+m.Draw(20))*ms)
				}
			})
		}
	}
	s.boot()
	if stop := s.kernel.Run(forever); stop.Reason != kernel.Halted {
		s.t.Fatalf("seed %d: the run stopped: %v", s.seed, stop)
	}
}

// TestStoreSurvives: what a store has acknowledged is there after every loss of power, whatever else
// goes wrong with a disk that is honest.
func TestStoreSurvives(t *testing.T) {
	for name, c := range map[string]setup{
		"power":       {},
		"full":        {space: 500 * ms},
		"sync errors": {faults: []scenarios.Fault{rated(scenarios.KindDiskSyncError, 30)}},
		"read errors": {faults: []scenarios.Fault{rated(scenarios.KindDiskReadError, 3)}},
	} {
		t.Run(name, func(t *testing.T) {
			c.machines, c.losses, c.faults = 2, 20, storms(c.faults...)
			for c.seed = range uint64(4) {
				s := newStorm(t, c, nil)
				s.rage(ledgers(s, 2))
				if s.lost > 0 || s.damage != nil || s.commits == 0 || s.checks == 0 {
					t.Errorf("seed %d: %d commits, %d checks, lost %d; %v", c.seed, s.commits, s.checks, s.lost, s.damage)
				}
				s.close()
			}
		})
	}
}

// TestStoreOnALiar: the store says that it is damaged, or something that it acknowledged is gone.
func TestStoreOnALiar(t *testing.T) {
	lost, damaged := 0, 0
	for seed := range uint64(20) {
		faults := storms(rated(scenarios.KindDiskLie, 200))
		s := newStorm(t, setup{seed: seed, machines: 2, faults: faults, losses: 10}, nil)
		s.rage(ledgers(s, 2))
		if s.lost > 0 {
			lost++
		}
		if s.damage != nil {
			damaged++
		}
		if (s.lost > 0 || s.damage != nil) && s.disk.Stats().Betrayed == 0 {
			t.Errorf("seed %d: lost %d; %v; and nobody lied", seed, s.lost, s.damage)
		}
		s.close()
	}
	if lost == 0 || damaged == 0 {
		t.Errorf("of 20 seeds %d lost something, and %d were damaged", lost, damaged)
	}
	t.Logf("of 20 seeds %d lost something, and %d were damaged", lost, damaged)
}
