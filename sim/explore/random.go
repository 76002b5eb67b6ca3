package explore

import (
	"fmt"

	"derail/sim/choice"
)

// random runs one seed after another: the runs of a campaign.
type random struct {
	first, given uint64
	ran          int
}

// Random is the strategy that leaves everything to chance: seed after seed, from the first on.
func Random(first uint64) Strategy { return &random{first: first} }

// many is how far strategies look ahead that learn nothing from what they hear, and so how many workers have
// something to do.
const many = 64

// Next is the next seed.
func (r *random) Next() (Try, bool) {
	seed := r.first + r.given
	r.given++
	return Try{Source: choice.Recording(seed), Label: seed}, true
}

// Ran counts.
func (r *random) Ran(*Outcome) { r.ran++ }

// Ahead is far.
func (*random) Ahead() int { return many }

// Covered tells which seeds were run.
func (r *random) Covered(bool) []string {
	return []string{fmt.Sprintf("%d seeds from %d on, every choice drawn by chance. That covers nothing "+
		"completely: what happens in one run of a million is found by a million runs in two searches of three.",
		r.ran, r.first)}
}
