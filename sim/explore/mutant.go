package explore

import (
	"math"
	"slices"

	"derail/sim/choice"
)

// past is the choices of a run that was worth keeping, in a form that mutants are made from.
type past struct {
	drawn   uint64 // draws in all, of whatever stream
	scripts map[name]*script
	classes []class // the streams of the run by their name, in order
}

// name is what a stream is known by: what its draws decide, and about whom.
type name struct{ stream, entity string }

// script is what one stream answered, but for the benign answers.
type script struct {
	name
	draws []choice.Draw // in order of N
}

// class is the streams of one name: each class is as likely to be changed as every other, however many
// draws it has, or hardly anything but ties would ever be.
type class struct {
	stream  string
	scripts []*script
}

// pastOf reads a record, which must be sorted.
func pastOf(record choice.Record, drawn uint64) *past {
	p := &past{drawn: drawn, scripts: map[name]*script{}}
	for len(record) > 0 {
		first, end := record[0], 1
		for end < len(record) && record[end].Stream == first.Stream && record[end].Entity == first.Entity {
			end++
		}
		s := &script{name{first.Stream, first.Entity}, record[:end]}
		p.scripts[s.name] = s
		if last := len(p.classes) - 1; last < 0 || p.classes[last].stream != s.stream {
			p.classes = append(p.classes, class{stream: s.stream})
		}
		c := &p.classes[len(p.classes)-1]
		c.scripts = append(c.scripts, s)
		record = record[end:]
	}
	return p
}

// The ways to change a draw.
const (
	changeFresh = iota // as the seed says
	changeCalm         // the benign answer
	changeLast         // the answer that is furthest from it: a fault strikes, a message is as late as can be
	waysToChange
)

// change changes some draws of a stream that follow each other.
type change struct {
	from, to uint64 // both included
	how      int
}

// mutant is a run that is made of the past of another: what it does not change is answered as it was, by
// address, and what the past has no answer for is drawn afresh. In a stream that is all that comes after the
// last answer which was not benign: nobody knows how often it was drawn from then.
type mutant struct {
	base    *past           // nil: everything is fresh
	habits  habits          // of a run that is fresh; nil: none
	cut     uint64          // after so many draws everything is fresh
	other   *past           // where streams are taken over from another run, that one
	taken   map[string]bool // the names of those streams
	changes map[name][]change
	drawn   uint64
}

// mutate makes a mutant of a run, with streams of another one now and then.
func mutate(d *dice, base, other *past) *mutant {
	m := &mutant{
		base: base, other: other, cut: math.MaxUint64, taken: map[string]bool{}, changes: map[name][]change{},
	}
	if len(base.classes) == 0 {
		return m
	}
	if d.oneIn(3) {
		m.cut = d.next() % (base.drawn + 1)
	}
	for range 1 << d.below(6) {
		switch {
		case d.oneIn(16) && other != nil && len(other.classes) > 0:
			m.taken[other.pick(d).stream] = true
		default:
			m.change(d)
		}
	}
	return m
}

// pick is any stream, all names being as likely.
func (p *past) pick(d *dice) *script {
	c := &p.classes[d.below(len(p.classes))]
	return c.scripts[d.below(len(c.scripts))]
}

// change changes one draw of a stream, or some that follow each other.
func (m *mutant) change(d *dice) {
	s := m.base.pick(d)
	c := change{from: s.draws[d.below(len(s.draws))].N, how: d.below(waysToChange)}
	switch {
	case d.oneIn(8):
		c.from, c.to = 1, math.MaxUint64
	case d.oneIn(2):
		c.to = c.from + 1<<d.below(7) - 1
	default:
		c.to = c.from
	}
	m.changes[s.name] = append(m.changes[s.name], c)
}

// steer answers from the past.
func (m *mutant) steer(stream, entity string) choice.Steer {
	if m.base == nil {
		return m.fresh(stream, entity)
	}
	at, from := name{stream, entity}, m.base
	if m.taken[stream] {
		from = m.other
	}
	var draws []choice.Draw
	if s := from.scripts[at]; s != nil {
		draws = s.draws
	}
	if stream == choice.LeftOut {
		return m.leaving(len(draws) > 0)
	}
	return m.changed(draws, m.changes[at])
}

// changed answers what a stream did, with changes.
func (m *mutant) changed(draws []choice.Draw, changes []change) choice.Steer {
	return func(number, among, seeded uint64) uint64 {
		m.drawn++
		for len(draws) > 0 && draws[0].N < number {
			draws = draws[1:]
		}
		changed := func(c change) bool { return number >= c.from && number <= c.to }
		if at := slices.IndexFunc(changes, changed); at >= 0 {
			return changes[at].answer(among, seeded)
		}
		switch {
		case m.drawn > m.cut, len(draws) == 0:
			return seeded
		case draws[0].N == number:
			return draws[0].Value
		default:
			return 0
		}
	}
}

func (c *change) answer(among, seeded uint64) uint64 {
	switch c.how {
	case changeCalm:
		return 0
	case changeLast:
		return among - 1
	default:
		return seeded
	}
}

// leaving answers whether a fault is left out, which chance has no part in.
func (m *mutant) leaving(out bool) choice.Steer {
	return func(_, _, _ uint64) uint64 {
		m.drawn++
		if out {
			return 1
		}
		return 0
	}
}

// fresh answers as the seed says, but for the habits that the run has.
func (m *mutant) fresh(stream, entity string) choice.Steer {
	if stream == choice.LeftOut {
		return m.leaving(false)
	}
	var habit choice.Steer
	if m.habits != nil {
		habit = m.habits(stream, entity)
	}
	return func(number, among, seeded uint64) uint64 {
		m.drawn++
		if habit != nil {
			return habit(number, among, seeded)
		}
		return seeded
	}
}
