package world_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"derail/checker/history"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/world"
)

// TestACutInARun: nothing comes through either way, nor what was on its way when it began; others go on.
func TestACutInARun(t *testing.T) {
	w, _ := witnessed(t, `
  - kind: network.delay
    for: 300ms
    nodes: [conductor-1]
  - kind: network.cut
    at: 3s
    for: 2s
    nodes: [conductor-1]
`, 1)
	const from, to = 3 * time.Second, 5 * time.Second
	if n := w.of("conductor-1", answeredIn(from, to)); n > 0 {
		t.Errorf("%d answers came through", n)
	}
	under := func(c *asked) bool {
		return c.sent < from && c.back > from && errors.Is(c.err, store.ErrUnknown)
	}
	if w.of("conductor-1", under) == 0 {
		t.Error("nothing was on its way when it began")
	}
	later := answeredIn(to, 10*time.Second)
	if w.of("conductor-2", answeredIn(from, to)) == 0 || w.of("conductor-1", later) == 0 {
		t.Error("others were cut off, or it did not end")
	}
}

// unasked lists when a machine heard of claims that nobody was told to have made, nor to have given up.
func (w *witness) unasked(who string) (when []time.Duration) {
	answered := map[store.Revision]bool{}
	for _, c := range w.asked {
		answered[c.at] = answered[c.at] || c.err == nil && c.what != "range"
	}
	for _, h := range w.heard {
		if _, is := jobboard.ClaimedJob(h.key); is && h.who == who && !answered[h.at] {
			when = append(when, h.when)
		}
	}
	return when
}

// TestACutOneWayInARun: either way no answer comes. But with the answers cut the store does what it is asked,
// and a lease is renewed once more; with the requests it is not.
func TestACutOneWayInARun(t *testing.T) {
	for way, arrives := range map[string]bool{scenarios.WayRequests: false, scenarios.WayAnswers: true} {
		ended := 0
		for seed := range uint64(10) {
			w, r := witnessed(t, `
  - kind: network.cut
    at: 3s
    for: 3s
    nodes: [conductor-1]
    way: `+way+"\n", seed)
			if n := w.of("conductor-1", answeredIn(3010*time.Millisecond, 6*time.Second)); n > 0 {
				t.Errorf("%s cut, seed %d: %d answers", way, seed, n)
			}
			for _, rec := range r.History.Records {
				if rec.Kind != history.LeaseEnd {
					continue
				}
				ended++
				at := time.Duration(rec.At)
				if renewed := at > 5*time.Second; rec.Subject != "conductor-1" || renewed != arrives {
					t.Errorf("%s cut, seed %d: the lease of %s ended at %v", way, seed, rec.Subject, at)
				}
			}
		}
		if ended == 0 {
			t.Errorf("%s cut: no claim ended with its lease", way)
		}
	}
}

// TestLaterInARun: what happens later does so when its caller has long been told that nobody knows.
func TestLaterInARun(t *testing.T) {
	late := 0
	for seed := range uint64(10) {
		w, r := witnessed(t, `
  - kind: storage.unknown-later
    rate: 100%
    for: 1500ms
    until: 2s
    on: [claim]
`, seed)
		unknown := func(c *asked) bool { return c.what == scenarios.OpClaim && errors.Is(c.err, store.ErrUnknown) }
		first := time.Hour
		for i := range w.asked {
			if c := &w.asked[i]; unknown(c) {
				first = min(first, c.sent)
			}
		}
		for _, when := range w.unasked("conductor-2") {
			if late++; when < first+1500*time.Millisecond {
				t.Errorf("seed %d: after %v, and the first was asked for at %v", seed, when, first)
			}
		}
		if r.Consumed != 20 {
			t.Errorf("seed %d: %d jobs were consumed", seed, r.Consumed)
		}
	}
	if late == 0 {
		t.Error("nothing happened later")
	}
}

// TestStaleInARun: reads say what was so, and not longer ago than the fault allows.
func TestStaleInARun(t *testing.T) {
	w, _ := witnessed(t, `
  - kind: storage.stale
    rate: 100%
    for: 2s
    nodes: [conductor-1]
  - kind: watch.restart
    rate: 20%
`, 1)
	latest := func(until time.Duration) (at store.Revision) {
		for _, c := range w.asked {
			if c.err == nil && c.puts && c.back <= until {
				at = max(at, c.at)
			}
		}
		return at
	}
	stale := map[string]int{}
	for _, c := range w.asked {
		if c.what != "range" || c.err != nil || c.sent > 10*time.Second {
			continue
		}
		if c.at < latest(c.sent) {
			stale[c.who]++
		}
		if c.at < latest(c.sent-2*time.Second) {
			t.Errorf("%+v is older than two seconds", c)
		}
	}
	if stale["conductor-1"] == 0 || len(stale) != 1 {
		t.Errorf("stale reads: %v", stale)
	}
}

// TestLateRenewalsInARun: a renewal that is carried out later than the lease lives ends the lease, and the
// claims with it, of the machine that it strikes.
func TestLateRenewalsInARun(t *testing.T) {
	_, r := witnessed(t, `
  - kind: lease.late
    rate: 100%
    for: 3s
    nodes: [conductor-1]
`, 1)
	ended := map[string]int{}
	for _, rec := range r.History.Records {
		if rec.Kind == history.LeaseEnd {
			ended[rec.Subject]++
		}
	}
	if len(ended) != 1 || ended["conductor-1"] == 0 {
		t.Errorf("claims ended: %v", ended)
	}
}

// TestWatchesInARun: what a watch tells late, twice, or not at all, and its lost place.
func TestWatchesInARun(t *testing.T) {
	twice := func(w *witness, who string) (n int) {
		had := map[heard]bool{}
		for _, h := range w.heard {
			if h.when = 0; h.who == who && had[h] {
				n++
			}
			had[h] = true
		}
		return n
	}
	of := func(kind, more string) *witness {
		w, _ := witnessed(t, "  - kind: watch."+kind+"\n    nodes: [conductor-1]\n    "+more+"\n", 1)
		return w
	}
	if w := of("repeat", "rate: 100%"); twice(w, "conductor-1") == 0 || twice(w, "conductor-2") > 0 {
		t.Errorf("told twice: %d, and %d", twice(w, "conductor-1"), twice(w, "conductor-2"))
	}
	if w := of("restart", "rate: 20%"); w.lost["conductor-1"] == 0 || w.lost["conductor-2"] > 0 {
		t.Errorf("lost places: %v", w.lost)
	}
	told := func(w *witness, who string) (n int) {
		for _, h := range w.heard {
			if h.who == who && h.when < 10*time.Second {
				n++
			}
		}
		return n
	}
	if w := of("drop", "rate: 100%"); told(w, "conductor-1") > 0 || told(w, "conductor-2") == 0 {
		t.Errorf("told: %d, and %d", told(w, "conductor-1"), told(w, "conductor-2"))
	}
	w := of("lag", "for: 700ms")
	first := map[store.Revision]time.Duration{}
	for _, h := range w.heard {
		if h.who == "conductor-2" {
			first[h.at] = h.when
		}
	}
	late := 0
	for _, h := range w.heard {
		by := h.when - first[h.at]
		if h.who == "conductor-1" && h.when < 10*time.Second && first[h.at] > 0 && by > 500*time.Millisecond {
			late++
		}
	}
	if late == 0 {
		t.Error("nothing came late")
	}
}

// TestOutagesInARun: a store that stands still answers nobody and goes on with everything; one that is full
// refuses what writes; one that is down refuses all, or says nothing.
func TestOutagesInARun(t *testing.T) {
	const from, to = 3 * time.Second, 4500 * time.Millisecond
	within := func(c *asked) bool { return c.sent > from && c.back < to }
	outage := func(kind, more string) *witness {
		w, _ := witnessed(t, "  - kind: storage."+kind+"\n    at: 3s\n    for: 1500ms\n"+more, 1)
		return w
	}
	w := outage("stalled", "")
	waited := func(c *asked) bool { return c.err == nil && c.sent > from && c.sent < to && c.back >= to }
	well := func(c *asked) bool { return within(c) && c.err == nil }
	if w.of("", well) > 0 || w.of("", waited) == 0 {
		t.Errorf("it stood still: %d answers, %d calls waited", w.of("", well), w.of("", waited))
	}
	refused := func(c *asked) bool { return within(c) && errors.Is(c.err, store.ErrRefused) }
	w = outage("down", "")
	if w.of("", refused) == 0 || w.of("", well) > 0 {
		t.Errorf("it was down: %d refused, %d done", w.of("", refused), w.of("", well))
	}
	w = outage("down", "    answer: silence\n")
	silent := func(c *asked) bool {
		return c.sent > from && c.sent < to && errors.Is(c.err, store.ErrUnknown) && c.back > to
	}
	if w.of("", refused)+w.of("", well) > 0 || w.of("", silent) == 0 {
		t.Errorf("it was silent: %d refused, %d done, %d without an answer",
			w.of("", refused), w.of("", well), w.of("", silent))
	}
	w = outage("full", "")
	put := func(c *asked) bool { return well(c) && c.puts }
	renewed := func(c *asked) bool { return well(c) && c.what == "renew" }
	if w.of("", put) > 0 || w.of("", refused) == 0 || w.of("", renewed) == 0 {
		t.Errorf("it was full: %d writes, %d refused, %d renewals", w.of("", put), w.of("", refused),
			w.of("", renewed))
	}
}

// TestOutsideTheCore: once a core has healed nobody outside of it has an answer from the store.
func TestOutsideTheCore(t *testing.T) {
	text := `
name: outside
about: A core heals.
break: 5s
rest: 1m
heal: core
cluster:
  conductors: 4
  lease: 2s
policy:
  attempts: 20
jobs:
  - name: orders
    count: 12
    every: 200ms..400ms
    work: 100ms..500ms
faults:
  - kind: network.cut
    at: 2s
    every: 1s
    for: 500ms..2s
  - kind: node.crash
    at: 1s
    every: 2s
`
	b := compiled(t, "outside.yaml", []byte(text))
	outside := 0
	for seed := range seeds(30) {
		w := &witness{lost: map[string]int{}}
		r := run(t, newWorld(t, b), seed, world.Options{Wrap: w.wrap()})
		core := ""
		for _, rec := range r.History.Records {
			if rec.Kind == history.Heal {
				core = rec.Subject
			}
		}
		for _, name := range []string{"conductor-1", "conductor-2", "conductor-3", "conductor-4"} {
			if strings.Contains(core, name) {
				continue
			}
			outside++
			if n := w.of(name, answeredIn(5*time.Second, time.Hour)); n > 0 {
				t.Errorf("seed %d: %s is outside of %s, and had %d answers", seed, name, core, n)
			}
		}
		if r.Left > 0 {
			t.Errorf("seed %d: the core left %d jobs", seed, r.Left)
		}
	}
	if outside == 0 {
		t.Error("everybody was in the core")
	}
}
