package failure

import "derail/core/record"

// The forms in which a failure is stored. Every failure carries its own, so that it can change without
// the records that it is a part of. A form that this program does not know is refused: what it would
// read in its place could be anything.
const (
	none  = 0 // there is no failure
	named = 2 // with the names of types, last; form 1 had none
)

// Append adds f, which may be nil, to a stored record; [Read] takes it off again.
func Append(w *record.Writer, f *Failure) {
	if f == nil {
		w.Uint(none)
		return
	}
	w.Uint(named)
	w.Text(string(f.Class))
	w.Text(f.Atom)
	w.Text(f.Text)
	w.Texts(f.Causes)
	w.Bool(f.Panic)
	w.Text(f.Stack)
	w.Texts(f.TypeNames)
}

// Read takes what [Append] added.
func Read(r *record.Reader) *Failure {
	switch r.Uint() {
	case none:
		return nil
	case named:
		return &Failure{
			Class: Class(r.Text()), Atom: r.Text(), Text: r.Text(),
			Causes: r.Texts(), Panic: r.Bool(), Stack: r.Text(), TypeNames: r.Texts(),
		}
	default:
		r.Fail("it holds a failure in a form that this program does not know")
		return nil
	}
}
