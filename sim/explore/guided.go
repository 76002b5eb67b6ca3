package explore

import (
	"fmt"
	"maps"
	"slices"

	"derail/sim/choice"
)

// GuidedSearch is the strategy that [Guided] makes: it keeps the runs that reached something new, and tries
// what is near to them.
type GuidedSearch struct {
	first, given uint64
	ran          int
	begun        int // runs of a corpus that was read
	fresh        int // runs that reached something new

	seeds   []choice.Record // of a corpus that was read: they are run first
	corpus  []*Kept
	reached map[Feature]int // in how many runs
	known   []Feature       // in the order in which they were reached first
	by      map[Feature]*Kept
	added   int // since the corpus was made minimal
}

// Guided is the strategy that is guided by what runs reach: see [Feature]. It begins with the runs of a
// corpus, which may be empty; after that one run in four is a fresh seed, from the seed first on, and the
// others change some choices of a run that reached what few others have.
func Guided(first uint64, corpus []choice.Record) *GuidedSearch {
	return &GuidedSearch{
		first: first, begun: len(corpus), seeds: corpus, reached: map[Feature]int{}, by: map[Feature]*Kept{},
	}
}

// Corpus is the runs that are worth keeping, no more than are needed to reach all that was reached.
func (g *GuidedSearch) Corpus() []*Kept { return Minimal(g.corpus) }

// Reread reports whether every run was heard of of the corpus that the search began with. Until then nobody
// knows what those are worth that were not.
func (g *GuidedSearch) Reread() bool { return g.ran >= g.begun }

// lead is how many runs are out at a time. What is learned from a run comes so much later, and so many
// workers have something to do.
const lead = 16

// Ahead is a little.
func (*GuidedSearch) Ahead() int { return lead }

// Next is a run of the corpus that was read, a fresh one, or a mutant.
func (g *GuidedSearch) Next() (Try, bool) {
	seed := g.first + g.given
	g.given++
	if len(g.seeds) > 0 {
		record := g.seeds[0]
		g.seeds = g.seeds[1:]
		return Try{Source: choice.Replay(record), Label: seed, Steered: true}, true
	}
	d := rolled(seed, forMutants)
	m := &mutant{}
	switch {
	case len(g.known) > 0 && !d.oneIn(4):
		m = mutate(d, g.parent(d).past, g.corpus[d.below(len(g.corpus))].past)
	case d.oneIn(2):
		m.habits = swarming(d)
	}
	return Try{Source: choice.Steered(seed, m.steer), Label: seed, Steered: true, mutant: m}, true
}

// parent is the run that reaches the least common of some features.
func (g *GuidedSearch) parent(d *dice) *Kept {
	const some = 8
	rarest := g.known[d.below(len(g.known))]
	for range some - 1 {
		if f := g.known[d.below(len(g.known))]; g.reached[f] < g.reached[rarest] {
			rarest = f
		}
	}
	return g.by[rarest]
}

// Ran keeps the run if it reached something new, or something known at half the cost: what is near to a short
// run is tried more often in the same time.
func (g *GuidedSearch) Ran(o *Outcome) {
	g.ran++
	fresh, cheaper := false, false
	for _, f := range o.Features {
		fresh = fresh || g.reached[f] == 0
		cheaper = cheaper || g.reached[f] > 0 && o.Result.Steps < g.by[f].steps/2
		g.reached[f]++
	}
	if !fresh && !cheaper {
		return
	}
	if fresh {
		g.fresh++
	}
	drawn := o.Source.Drawn()
	if o.mutant != nil {
		drawn = o.mutant.drawn
	}
	record := o.Source.Record()
	k := &Kept{Choices: record, Features: o.Features, steps: o.Result.Steps, past: pastOf(record, drawn)}
	g.corpus = append(g.corpus, k)
	g.credit(k)
	if g.added++; g.added >= 128 {
		g.tidy()
	}
}

// credit makes a run the one that mutants are made of for what it reaches first, or in the fewest steps.
func (g *GuidedSearch) credit(k *Kept) {
	for _, f := range k.Features {
		other := g.by[f]
		if other == nil {
			g.known = append(g.known, f)
		}
		if other == nil || k.steps < other.steps {
			g.by[f] = k
		}
	}
}

// tidy lets go of the runs that reach nothing but what the others reach as well.
func (g *GuidedSearch) tidy() {
	g.added = 0
	g.corpus = Minimal(g.corpus)
	clear(g.by)
	g.known = g.known[:0]
	for _, k := range g.corpus {
		g.credit(k)
	}
}

// Covered tells what was reached, and how new it still was in the end.
func (g *GuidedSearch) Covered(bool) []string {
	once := 0
	for _, f := range slices.Sorted(maps.Keys(g.reached)) {
		if g.reached[f] == 1 {
			once++
		}
	}
	text := fmt.Sprintf("%d runs reached %d different features (moves, states of jobs, what met them there, "+
		"marks); %d runs reached something new, and %d of them are enough to reach it all.",
		g.ran, len(g.reached), g.fresh, len(Minimal(g.corpus)))
	rest := fmt.Sprintf("%d features were reached once only. By Good and Turing's estimate going on "+
		"reaches %d new ones for every %d runs.", once, once, max(g.ran, 1))
	return []string{text, rest}
}
