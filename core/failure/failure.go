// Package failure is what went wrong, in a form that can be stored, compared and shown.
//
// An error or a panic becomes a [Failure] where it is caught. From then on it is a value: it is
// saved in the logbook, compared across processes by its fingerprint, and decides what becomes of a
// job by its class. So it holds nothing that differs from one run to the next of the same seed: no
// time, no address, no goroutine's number.
//
// # Asking what went wrong
//
// A failure does not keep the error that it was made of: whoever decided by that would decide
// otherwise after a restart, when only the stored form is left. What is kept of the error, its texts
// and the names of its types, answers the same questions before and after:
//
//	errors.Is(f, ErrOutOfStock)                a sentinel: one of the errors has its text
//	f.Caused("fs.PathError")                   a type, by name: for policies that are configuration
//	failure.CausedBy[*fs.PathError](err)       a type, by itself: the compiler finds the slip of the pen
//	f.Same(other), errors.Is(f, other)         another failure, by its fingerprint
//	f.Class, several.Internal()                whose fault it was
//
// The first three look through the whole chain, and at every failure of a [Several]. What they cannot see:
// fields of an error (errors.As finds failures in an error, and nothing in a failure); sentinels that an
// Is method stands for, so that a missing file is no fs.ErrNotExist any more unless the task wraps that;
// the package path of a type, so that two types v1.Error are one; what lies beyond the limits on texts,
// causes and names. Of a failure that another atom returned, or that was wrapped, the text counts with
// the name of its atom in front.
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

	// TypeNames are the Go types of the error and of those below it, outermost first, such as
	// "*fs.PathError". Types that only carry a text (those of errors.New, fmt.Errorf and errors.Join) are
	// left out. They are not part of the fingerprint: how an error is wrapped is no one's concern.
	TypeNames []string
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
	return &Failure{
		Class: classify(err), Atom: atom, Text: clip(err.Error()), Causes: causes(err), TypeNames: typeNames(err),
	}
}

// classify finds whose fault an error is. An error that wraps failures is judged like them.
func classify(err error) Class {
	if _, is := findType[*internalError](err); is {
		return Execution
	}
	if several, is := findType[Several](err); is {
		return several.class()
	}
	if known, is := findType[*Failure](err); is {
		return known.Class
	}
	if findTarget(err, store.ErrRefused) || findTarget(err, store.ErrUnknown) {
		return Storage
	}
	return Task
}

const (
	maxText   = 4 << 10 // bytes of one text: a failure must not make a record too large to be saved
	maxCauses = 16
)

// causes are the texts of the errors below err. Of several joined errors each is one.
func causes(err error) []string {
	var texts []string
	last := err.Error()
	for seen := 0; err != nil && len(texts) < maxCauses && seen < maxErrors; seen++ {
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
