package simtest

import (
	"pgregory.net/rapid"

	"derail/sim/choice"
)

// drawers is how many drawers the addresses of a run's choices are spread over.
const drawers = 16

// rule is how the choices of one drawer are answered. Zero is the benign way, and the less a rule is the
// less it strays.
type rule uint8

const (
	benign rule = iota // the first possibility
	next               // the second
	last
	middle
	spread     // any, by the address; the rules after it are the same with another salt
	rules  = 9 // how many there are
)

// choices is how a run takes its choices, by drawer.
type choices [drawers]rule

// drawChoices draws a rule for some of the drawers.
func drawChoices(t *rapid.T) choices {
	type entry struct {
		Drawer int
		Rule   rule
	}
	some := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
		return entry{
			rapid.IntRange(0, drawers-1).Draw(t, "drawer"),
			rule(rapid.IntRange(int(next), rules-1).Draw(t, "rule")),
		}
	}), 0, drawers).Draw(t, "choices")
	var c choices
	for _, e := range some {
		c[e.Drawer] = e.Rule
	}
	return c
}

// source answers the draws of one run.
func (c *choices) source() *choice.Source { return choice.FromFunc(c.answer) }

func (c *choices) answer(at choice.Address, n uint64) uint64 {
	if *c == (choices{}) {
		return 0
	}
	hash := hashOf(at)
	switch r := c[hash%drawers]; r {
	case benign:
		return 0
	case next:
		return min(1, n-1)
	case last:
		return n - 1
	case middle:
		return n / 2
	default:
		return choice.Mix(hash+uint64(r)) % n
	}
}

// hashOf spreads addresses evenly: FNV-1a, and a finaliser because only the lowest bits name the drawer.
func hashOf(at choice.Address) uint64 {
	const offset, prime = 0xcbf29ce484222325, 0x100000001b3
	h := uint64(offset)
	for i := range len(at.Stream) {
		h = (h ^ uint64(at.Stream[i])) * prime
	}
	h *= prime
	for i := range len(at.Entity) {
		h = (h ^ uint64(at.Entity[i])) * prime
	}
	return choice.Mix(h + at.N*choice.Golden)
}
