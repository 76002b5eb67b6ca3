package explore

import (
	"fmt"

	"derail/checker"
	"derail/sim/choice"
	"derail/sim/kernel"
	"derail/sim/world"
)

// Replayed is one run in full: with everything recorded, and the choices that made it.
type Replayed struct {
	Result   world.Result // its History is the reader's own
	Report   checker.Report
	Marks    []int64 // how often it met each mark of [checker.Sometimes]
	Breaches []Breach
	Unmet    []string
	Choices  choice.Record
}

// Replay runs one seed with everything on.
func Replay(b *world.Blueprint, seed uint64, o world.Options) *Replayed {
	return replay(b, b.Recording(seed), seed, o)
}

// ReplayChoices runs what a record of choices says; seed is only written down.
func ReplayChoices(b *world.Blueprint, record choice.Record, seed uint64, o world.Options) *Replayed {
	return replay(b, choice.Replay(record), seed, o)
}

func replay(b *world.Blueprint, source *choice.Source, seed uint64, o world.Options) *Replayed {
	o.Full, o.Messages = true, true
	w := world.New(b)
	defer w.Close()
	r := w.Run(source, seed, o)
	examiner := checker.New()
	p := &Replayed{Result: *r, Report: examiner.Check(r.History), Choices: source.Record()}
	p.Marks = examiner.Marks()
	p.Breaches, p.Unmet = judge(b, r, p.Report)
	p.Result.History = r.History.Clone()
	return p
}

// Difference runs a seed twice and describes the first step at which the two runs part, or says
// that they did not.
func Difference(b *world.Blueprint, seed uint64, o world.Options) string {
	w := world.New(b)
	defer w.Close()
	var hashes []uint64
	o.Trace = func(s kernel.Step) { hashes = append(hashes, s.Hash) }
	w.Run(b.Source(seed), seed, o)
	at, steps := -1, 0
	var second kernel.Step
	o.Trace = func(s kernel.Step) {
		if at < 0 && (steps >= len(hashes) || hashes[steps] != s.Hash) {
			at, second = steps, s
		}
		steps++
	}
	w.Run(b.Source(seed), seed, o)
	switch {
	case at >= 0:
		return fmt.Sprintf("step %d, in the second run %v", at+1, second)
	case steps < len(hashes):
		return fmt.Sprintf("step %d, where the second run ended; the first had %d", steps, len(hashes))
	default:
		return "not found, two further runs were equal in every step"
	}
}
