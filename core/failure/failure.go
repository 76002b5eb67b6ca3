// Package failure is what went wrong, in a form that can be stored, compared and shown.
//
// An error or a panic becomes a [Failure] where it is caught. From then on it is a value: it is
// saved in the logbook, compared across processes by its fingerprint, and decides what becomes of a
// job by its class. So it holds nothing that differs from one run to the next of the same seed: no
// time, no address, no goroutine's number.
//
// What may not live here: anything that decides what is done about a failure.
package failure

import (
	"errors"
	"strings"

	"derail/core/store"
)

// Class says whose fault a failure is, which decides whether a job is consumed or abandoned.
type Class string

// The classes. Storage and Execution are TaskFlow's NO_CONSUME_EXCEPTIONS: the run failed for a
// reason of its own, so the job goes back to the board.
const (
	Task      Class = "task"      // the job's own work failed; running it again would fail again
	Storage   Class = "storage"   // something that lasts could not be read or written
	Execution Class = "execution" // the engine or its surroundings failed
)

// Internal reports whether the class speaks about the run and not about the job.
func (c Class) Internal() bool { return c == Storage || c == Execution }

// Failure is one thing that went wrong. It is immutable, and is an error itself.
type Failure struct {
	Class  Class
	Atom   string   // the task that failed, or empty
	Text   string   // the error's text
	Causes []string // the texts of the errors below it, outermost first
	Panic  bool     // it was a panic
	Stack  string   // where the panic came from, innermost first; not part of the fingerprint
}

// Error is the text with the atom that failed.
func (f *Failure) Error() string {
	if f.Atom == "" {
		return f.Text
	}
	return f.Atom + ": " + f.Text
}

// Fingerprint is the same for the same failure on every machine and at every attempt.
func (f *Failure) Fingerprint() string {
	kind := string(f.Class) + " failure"
	if f.Panic {
		kind = "panic"
	}
	if f.Atom == "" {
		return kind + ": " + f.Text
	}
	return kind + " in " + f.Atom + ": " + f.Text
}

// Same reports whether both are the same failure by their fingerprints; nil is the same as nil.
func (f *Failure) Same(other *Failure) bool {
	if f == nil || other == nil {
		return f == other
	}
	return f.Fingerprint() == other.Fingerprint()
}

// Internal marks err as a failure of the run and not of the job: a task that returns it has its job
// abandoned where another error would have it consumed. It is TaskFlow's ExecutionFailure.
func Internal(err error) error { return &internalError{err} }

type internalError struct{ cause error }

func (e *internalError) Error() string { return e.cause.Error() }
func (e *internalError) Unwrap() error { return e.cause }

// From makes a failure of an error that an atom returned; atom may be empty. An error that is a
// failure already keeps its class, its causes and its stack.
func From(atom string, err error) *Failure {
	if known, is := err.(*Failure); is {
		if atom == "" || atom == known.Atom {
			return known
		}
		named := *known
		named.Atom, named.Text = atom, known.Error()
		return &named
	}
	return &Failure{Class: classify(err), Atom: atom, Text: clip(err.Error()), Causes: causes(err)}
}

// classify finds whose fault an error is. An error that wraps failures is judged like them.
func classify(err error) Class {
	var internal *internalError
	var several Several
	var known *Failure
	switch {
	case errors.As(err, &internal):
		return Execution
	case errors.As(err, &several):
		return several.class()
	case errors.As(err, &known):
		return known.Class
	case errors.Is(err, store.ErrRefused), errors.Is(err, store.ErrUnknown):
		return Storage
	default:
		return Task
	}
}

const (
	maxText   = 4 << 10 // bytes of one text: a failure must not make a record too large to be saved
	maxCauses = 16
)

// causes are the texts of the errors below err. Of several joined errors each is one.
func causes(err error) []string {
	var texts []string
	last := err.Error()
	for err != nil && len(texts) < maxCauses {
		if joined, is := err.(interface{ Unwrap() []error }); is {
			for _, e := range joined.Unwrap() {
				if len(texts) < maxCauses {
					texts = append(texts, clip(e.Error()))
				}
			}
			break
		}
		if err = errors.Unwrap(err); err == nil {
			break
		}
		if text := err.Error(); text != last {
			texts, last = append(texts, clip(text)), text
		}
	}
	return texts
}

// clip shortens a text that is too long, between two characters.
func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	const mark = "..."
	return strings.ToValidUTF8(text[:maxText-len(mark)], "") + mark
}

// Several is more than one failure at once. It is empty only by mistake.
type Several []*Failure

// Error joins the texts.
func (s Several) Error() string {
	texts := make([]string, len(s))
	for i, f := range s {
		texts[i] = f.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives each failure to errors.Is and errors.As.
func (s Several) Unwrap() []error {
	errs := make([]error, len(s))
	for i, f := range s {
		errs[i] = f
	}
	return errs
}

// Internal reports whether every one of them is internal: one failure of the job's own work is
// enough to say that running it again would fail again.
func (s Several) Internal() bool { return s.class().Internal() }

// class is Task unless every one is internal, and Storage when every one is of the storage.
func (s Several) class() Class {
	all := Storage
	for _, f := range s {
		if !f.Class.Internal() {
			return Task
		}
		if f.Class != Storage {
			all = Execution
		}
	}
	if len(s) == 0 {
		return Task
	}
	return all
}
