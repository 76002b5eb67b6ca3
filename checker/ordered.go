package checker

import "math/bits"

// undone are the states of what need not be waited for: it has not run, or its effect is taken back.
var undone = setOf(noState, pending, reverted, ignored)

// ordered is the check of revert.ordered. What was told counts, with one exception: a revert that was
// begun under an earlier claim may have ended in a save of which nobody lived to tell.
func (r *Reading) ordered() {
	r.declared()
	for i := range r.steps {
		s := &r.steps[i]
		f, atom := r.formed(s)
		if f == nil {
			continue
		}
		r.turnsBack(s, f, atom)
		r.standsOf(s.job)[atom].move(s)
	}
}

// turnsBack looks at one step.
func (r *Reading) turnsBack(s *step, f *form, atom int32) {
	if s.to == reverting || s.to == retrying {
		r.ruling.checked++
		r.lookAfter(s, f, atom, r.standsOf(s.job))
	}
}

// lookAfter looks for something after the atom that is neither undone nor was never done.
func (r *Reading) lookAfter(s *step, f *form, atom int32, stands []stand) {
	for w, word := range f.row(atom) {
		for ; word != 0; word &= word - 1 {
			later := w*64 + bits.TrailingZeros64(word)
			t := &stands[later]
			if undone.has(t.now) || t.now == reverting && t.epoch < s.epoch && s.untold > 0 {
				continue
			}
			what := " began to revert "
			if s.to == retrying {
				what = " began to try again with "
			}
			r.breaks(s.job, []int32{r.lastMove(s, f.atoms[later].Name), s.seq},
				"%s%s%s of %s%s, although %s, which comes after it, was in %s", r.process(s.process), what,
				f.atoms[atom].Name, r.job(s.job), epochText(s.epoch), f.atoms[later].Name, t.now)
			return
		}
	}
}

// lastMove is the record of the last move of an atom of the step's job before the step, or 0.
func (r *Reading) lastMove(s *step, name string) (seq int32) {
	for i := range r.steps {
		before := &r.steps[i]
		if before.seq >= s.seq || r.toldEnough() {
			break
		}
		if before.job == s.job && before.kind.atom() && r.subjects[before.subject].name == name {
			seq = before.seq
		}
	}
	return seq
}
