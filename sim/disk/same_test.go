package disk_test

import (
	"fmt"
	"testing"

	"derail/scenarios"
	"derail/sim/disk"
	"derail/sim/kernel"
)

// everything is every fault that strikes with a chance.
func everything() []scenarios.Fault {
	slow := rated(scenarios.KindDiskSlow, 20)
	slow.For = scenarios.Span{Low: scenarios.Duration(ms), High: scenarios.Duration(20 * ms)}
	return storms(
		rated(scenarios.KindDiskLie, 50), rated(scenarios.KindDiskSyncError, 20),
		rated(scenarios.KindDiskReadError, 2), slow,
	)
}

// outcome is what a storm came to, in one line. What SQLite draws for itself (the number in a journal's
// header above all) is different in every run, and may not have a say in any of it.
func outcome(t *testing.T, d *disk.Disk, seed uint64, backend kernel.Backend) string {
	pragmas := []string{extra, full, persist, truncate}[seed%4]
	s := newStorm(t, setup{
		seed: seed, backend: backend, machines: 1 + int(seed%3), pragmas: pragmas, faults: everything(),
		losses: 3, commits: 15, space: 900 * ms, still: seed%5 == 0,
	}, d).run()
	defer s.kernel.Close()
	return fmt.Sprintf("%d %016x %d %d %d %t %+v", seed, s.kernel.Hash(), s.commits, s.aborts, s.lost,
		s.damage != nil, s.disk.Stats())
}

// TestSame: the same seed, the same run: twice, on both backends, and on a disk that was used before.
func TestSame(t *testing.T) {
	used := disk.New()
	defer used.Close()
	seeds := uint64(200)
	if testing.Short() {
		seeds = 40
	}
	for seed := range seeds {
		first := disk.New()
		want := outcome(t, first, seed, kernel.Coroutines)
		first.Close()
		backend := []kernel.Backend{kernel.Coroutines, kernel.Tokens}[seed%2]
		if got := outcome(t, used, seed, backend); got != want {
			t.Errorf("seed %d came out differently:\n%s\n%s", seed, want, got)
		}
	}
}
