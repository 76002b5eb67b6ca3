package flow

import (
	"iter"

	"derail/core/failure"
)

// Values is what the retry provided in each attempt.
func (h History) Values() []any {
	values := make([]any, len(h))
	for i := range h {
		values[i] = h[i].Value
	}
	return values
}

// Outcomes goes through what failed in all attempts, with the name of the atom that failed. Where the
// retry itself failed is not in its history but in [Undo].
func (h History) Outcomes() iter.Seq2[string, *failure.Failure] {
	return func(yield func(string, *failure.Failure) bool) {
		for _, attempt := range h {
			for _, f := range attempt.Failures {
				if !yield(f.Atom, f) {
					return
				}
			}
		}
	}
}

// Failures is what failed in all attempts, in order.
func (h History) Failures() failure.Several {
	var all failure.Several
	for _, attempt := range h {
		all = append(all, attempt.Failures...)
	}
	return all
}

// Caused reports whether something in one of the attempts failed because of an error with one of these
// types, as in failure.Failure.Caused. Of a single attempt its Failures can be asked.
func (h History) Caused(by ...string) bool { return h.Failures().Caused(by...) }
