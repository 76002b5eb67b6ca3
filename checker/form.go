package checker

import (
	"slices"

	"derail/checker/history"
)

// form is a shape made ready to be asked.
type form struct {
	atoms   []history.ShapeAtom
	index   map[string]int32
	under   []int32 // by atom: the nearest retry around it, or -1
	retries []int32
	rows    []uint64 // by atom: the set of those that come after it
	across  int      // how many words a row has
}

// forms are the shapes of a header. They are kept from one history to the next, because the runs of a
// campaign all have the same.
type forms struct {
	shapes []history.Shape // what was compiled: a copy
	list   []form
	jobs   map[string]int32
}

// compile makes the forms, unless they are there already.
func (f *forms) compile(shapes []history.Shape) {
	if slices.EqualFunc(f.shapes, shapes, sameShape) {
		return
	}
	whole := history.History{Header: history.Header{Shapes: shapes}}
	f.shapes = whole.Clone().Header.Shapes
	f.list, f.jobs = nil, map[string]int32{}
	for i := range f.shapes {
		for _, job := range f.shapes[i].Jobs {
			f.jobs[job] = int32(i)
		}
		f.list = append(f.list, formOf(f.shapes[i].Atoms))
	}
}

func sameShape(a, b history.Shape) bool {
	return a.Group == b.Group && slices.Equal(a.Jobs, b.Jobs) && slices.EqualFunc(a.Atoms, b.Atoms, sameAtom)
}

func sameAtom(a, b history.ShapeAtom) bool {
	return a.Name == b.Name && a.Retry == b.Retry && slices.Equal(a.After, b.After) && a.Under == b.Under &&
		a.Attempts == b.Attempts && a.RevertAll == b.RevertAll && a.Never == b.Never && a.Undoes == b.Undoes
}

// of is the form of a job, or -1.
func (f *forms) of(job string) int32 {
	if len(f.list) == 0 {
		return -1
	}
	if at, known := f.jobs[job]; known {
		return at
	}
	return -1
}

func formOf(atoms []history.ShapeAtom) form {
	f := form{atoms: atoms, index: make(map[string]int32, len(atoms)), across: (len(atoms) + 63) / 64}
	for i := range atoms {
		f.index[atoms[i].Name] = int32(i)
	}
	f.rows = make([]uint64, len(atoms)*f.across)
	for i := range atoms {
		over := int32(-1)
		if at, known := f.index[atoms[i].Under]; known && atoms[i].Under != "" {
			over = at
		}
		f.under = append(f.under, over)
		if atoms[i].Retry {
			f.retries = append(f.retries, int32(i))
		}
		for _, before := range atoms[i].After {
			if at, known := f.index[before]; known {
				f.rows[int(at)*f.across+i/64] |= 1 << (i % 64)
			}
		}
	}
	// What comes after something that comes after an atom comes after it too.
	for mid := range atoms {
		for i := range atoms {
			if f.comesAfter(int32(mid), int32(i)) && i != mid {
				for w, word := range f.row(int32(mid)) {
					f.rows[i*f.across+w] |= word
				}
			}
		}
	}
	return f
}

// row is the set of atoms that come after one.
func (f *form) row(atom int32) []uint64 {
	return f.rows[int(atom)*f.across : (int(atom)+1)*f.across]
}

// comesAfter reports whether an atom comes after another.
func (f *form) comesAfter(atom, other int32) bool {
	return f.rows[int(other)*f.across+int(atom)/64]>>(atom%64)&1 != 0
}

// limit is how many attempts a retry has.
func (f *form) limit(retry int32) int32 { return int32(max(f.atoms[retry].Attempts, 1)) }

// asks reports whether the failure of an atom comes to a retry to decide about: it is the nearest around it,
// or those further in hand it on when they are at their end.
func (f *form) asks(atom, retry int32) bool {
	for range f.atoms { // not for ever, whatever the shape says
		over := f.under[atom]
		if over < 0 || over != retry && f.atoms[over].RevertAll {
			return false
		}
		if over == retry {
			return true
		}
		atom = over
	}
	return false
}

// atomOf is the place of a job's atom among all atoms, or -1 where its job has no form, or that no such atom.
func (r *Reading) atomOf(j *jobReading, kind subjectKind, name string) int32 {
	if j.form < 0 || !kind.atom() {
		return -1
	}
	f := &r.forms.list[j.form]
	at, known := f.index[name]
	if !known || f.atoms[at].Retry != (kind == retrySubject) {
		return -1
	}
	return j.atoms + at
}

// stand is where an atom stands, by what was told.
type stand struct {
	epoch  int64
	untold int32 // of the step that began its life: see step
	moved  int32 // the same, of its last step
	now    state // noState: it has not moved
	failed bool  // in this life, which begins with a new execution

	// Of a retry:
	attempts span // in this life
	passed   bool // something after it has moved since it was last executed
}

// formed is the form of the step's job and the place of its atom in it; or no form where the step is of
// nothing that the form has, or of a claim that is older than the atom's last.
func (r *Reading) formed(s *step) (f *form, atom int32) {
	at := r.subjects[s.subject].atom
	if at < 0 || s.epoch < r.stands[at].epoch {
		return nil, 0
	}
	j := &r.jobs[s.job]
	return &r.forms.list[j.form], at - j.atoms
}

// standsOf is where the atoms of a job stand.
func (r *Reading) standsOf(job history.JobID) []stand {
	j := &r.jobs[job]
	return r.stands[j.atoms : int(j.atoms)+len(r.forms.list[j.form].atoms)]
}

// declared begins a check that needs forms.
func (r *Reading) declared() {
	if r.atoms == 0 {
		r.ruling.remark = nothingAsked
	}
	r.stands = zeroed(r.stands, r.atoms)
}
