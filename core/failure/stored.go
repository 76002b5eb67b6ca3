package failure

import "derail/core/record"

// Append adds f, which may be nil, to a stored record; [Read] takes it off again.
func Append(w *record.Writer, f *Failure) {
	w.Bool(f != nil)
	if f == nil {
		return
	}
	w.Text(string(f.Class))
	w.Text(f.Atom)
	w.Text(f.Text)
	w.Texts(f.Causes)
	w.Bool(f.Panic)
	w.Text(f.Stack)
}

// Read takes what [Append] added.
func Read(r *record.Reader) *Failure {
	if !r.Bool() {
		return nil
	}
	return &Failure{
		Class: Class(r.Text()), Atom: r.Text(), Text: r.Text(),
		Causes: r.Texts(), Panic: r.Bool(), Stack: r.Text(),
	}
}
