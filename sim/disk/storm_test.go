package disk_test

import (
	"testing"
	"time"

	"derail/scenarios"
	"derail/sim/kernel"
)

// How SQLite is asked to be safe. With FULL a deleted journal may come back, and takes the transaction
// back that was acknowledged; a journal that stays where it is may not.
const (
	extra    = "PRAGMA synchronous=EXTRA; PRAGMA journal_mode=DELETE;"
	full     = "PRAGMA synchronous=FULL; PRAGMA journal_mode=DELETE;"
	persist  = "PRAGMA synchronous=FULL; PRAGMA journal_mode=PERSIST;"
	truncate = "PRAGMA synchronous=FULL; PRAGMA journal_mode=TRUNCATE;"
	off      = "PRAGMA synchronous=OFF; PRAGMA journal_mode=DELETE;"
	small    = "PRAGMA page_size=1024;"
)

// rated is a fault with a rate in thousandths.
func rated(kind string, rate scenarios.Rate) scenarios.Fault {
	return scenarios.Fault{Kind: kind, Rate: rate * scenarios.Whole / 1000}
}

func only(f scenarios.Fault) []scenarios.Fault { return []scenarios.Fault{f} }

// storms are losses of power, with torn writes; more of what else goes wrong.
func storms(more ...scenarios.Fault) []scenarios.Fault {
	return append(more, rated(scenarios.KindDiskPowerLoss, 8), rated(scenarios.KindDiskTorn, 250))
}

// TestHonest: nothing acknowledged is lost on a disk that is honest, nothing is there by half, and the
// database is sound, after every loss of power.
func TestHonest(t *testing.T) {
	slow := rated(scenarios.KindDiskSlow, 100)
	slow.For = scenarios.Span{Low: scenarios.Duration(ms), High: scenarios.Duration(50 * ms)}
	total := struct{ losses, commits, checks, harmful int64 }{}
	for name, c := range map[string]setup{
		"extra":               {pragmas: extra},
		"extra, two machines": {pragmas: extra, machines: 2},
		"extra, tokens":       {pragmas: extra, machines: 3, backend: kernel.Tokens},
		"extra, no time":      {pragmas: extra, still: true},
		"persist":             {pragmas: persist, machines: 2},
		"truncate":            {pragmas: truncate},
		"small pages":         {pragmas: small + extra},
		"whole sectors":       {pragmas: persist, query: "&psow=0"},
		"small pages, whole":  {pragmas: small + extra, query: "&psow=0"},
		"a small cache":       {pragmas: "PRAGMA cache_size=5;" + extra, large: true},
		"sync errors":         {pragmas: extra, machines: 2, faults: only(rated(scenarios.KindDiskSyncError, 50))},
		"read errors":         {pragmas: extra, machines: 2, faults: only(rated(scenarios.KindDiskReadError, 5))},
		"full":                {pragmas: extra, machines: 2, space: 500 * ms},
		"slow":                {pragmas: extra, machines: 2, faults: only(slow)},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			c.losses = 40
			c.faults = storms(c.faults...)
			for c.seed = range uint64(3) {
				s := newStorm(t, c, nil).run()
				stats := s.disk.Stats()
				if s.lost > 0 || s.damage != nil || stats.Betrayed > 0 {
					t.Errorf("seed %d: lost %d times; %v; %+v", c.seed, s.lost, s.damage, stats)
				}
				if s.checks == 0 || s.commits == 0 || stats.Kept*stats.Dropped*stats.Torn == 0 {
					t.Errorf("seed %d shows nothing: %d checks, %d commits, %+v", c.seed, s.checks, s.commits, stats)
				}
				total.losses += stats.PowerLosses
				total.harmful += stats.Harmful
				total.commits += s.commits
				total.checks += s.checks
				switch {
				case name == "sync errors" && stats.SyncErrors == 0,
					name == "read errors" && stats.ReadErrors == 0,
					name == "full" && stats.Refused == 0:
					t.Errorf("seed %d: nothing failed: %+v", c.seed, stats)
				}
				s.close()
			}
			t.Log(time.Since(began))
		})
	}
	t.Logf("%+v", total)
}

// TestWhatIsNotSafeIsLost: the disk is as weak as it says. A journal whose deletion is not synced comes
// back and undoes what was acknowledged; without syncs the database itself is damaged.
func TestWhatIsNotSafeIsLost(t *testing.T) {
	lost, damaged := 0, 0
	for seed := range uint64(10) {
		s := newStorm(t, setup{seed: seed, pragmas: full, faults: storms(), losses: 20}, nil).run()
		if s.lost > 0 {
			lost++
		}
		if s.damage != nil {
			t.Errorf("seed %d, synchronous=FULL: %v", seed, s.damage)
		}
		s.close()
		s = newStorm(t, setup{seed: seed, pragmas: off, faults: storms(), losses: 20}, nil).run()
		if s.damage != nil {
			damaged++
		}
		s.close()
	}
	if lost == 0 || damaged == 0 {
		t.Errorf("of 10 seeds %d lost something with FULL, and %d were damaged without syncs", lost, damaged)
	}
}

// TestLies: on a disk that lies something acknowledged is lost, or the database is damaged; and the
// disk says that it was betrayed.
func TestLies(t *testing.T) {
	lost, damaged, betrayed := 0, 0, int64(0)
	for seed := range uint64(20) {
		s := newStorm(t, setup{
			seed: seed, pragmas: extra, machines: 2, losses: 20,
			faults: storms(rated(scenarios.KindDiskLie, 200)),
		}, nil).run()
		stats := s.disk.Stats()
		if s.lost > 0 {
			lost++
		}
		if s.damage != nil {
			damaged++
		}
		if stats.Lies == 0 || (s.lost > 0 || s.damage != nil) && stats.Betrayed == 0 {
			t.Errorf("seed %d: lost %d times, %v, and nobody lied: %+v", seed, s.lost, s.damage, stats)
		}
		betrayed += stats.Betrayed
		s.close()
	}
	if lost == 0 || damaged == 0 {
		t.Errorf("of 20 seeds %d lost something, and %d were damaged", lost, damaged)
	}
	t.Logf("of 20 seeds %d lost something and %d were damaged, by %d losses of power", lost, damaged, betrayed)
}
