package failure

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Same reports whether both are the same failure by their fingerprints; nil is the same as nil.
func (f *Failure) Same(other *Failure) bool {
	if f == nil || other == nil {
		return f == other
	}
	return f.Fingerprint() == other.Fingerprint()
}

// Is makes errors.Is look into a failure, as far as a failure remembers: target is another failure that
// is the same, or a sentinel whose text, and whose type if that says anything, are those of one of the
// errors that the failure was made of. Two sentinels with one text are one.
func (f *Failure) Is(target error) bool {
	if other, is := target.(*Failure); is {
		return f.Same(other)
	}
	if name := typeName(target); telling(name) && !slices.Contains(f.TypeNames, name) {
		return false
	}
	text := clip(target.Error())
	return text == f.Text || slices.Contains(f.Causes, text)
}

// Caused reports whether one of the errors that the failure was made of has a type of one of these names.
// A name is a package's and a type's, "fs.PathError"; the star of a pointer may be there or not.
func (f *Failure) Caused(by ...string) bool {
	return slices.ContainsFunc(f.TypeNames, func(name string) bool {
		return slices.ContainsFunc(by, func(wanted string) bool {
			return strings.TrimPrefix(name, "*") == strings.TrimPrefix(wanted, "*")
		})
	})
}

// CausedBy reports whether err, or an error that a failure in it was made of, has the type E, which is
// written as it is returned: *fs.PathError, syscall.Errno. It answers alike for an error, for the failure
// made of it, and for that failure read back. An interface is the type of no error.
func CausedBy[E error](err error) bool {
	return err != nil && slices.Contains(typeNames(err), nameOf(reflect.TypeFor[E]()))
}

// Match returns those that were caused by a type of one of these names, as in [Failure.Caused].
func (s Several) Match(by ...string) Several {
	var matching Several
	for _, f := range s {
		if f.Caused(by...) {
			matching = append(matching, f)
		}
	}
	return matching
}

// Caused reports whether one of them was caused by a type of one of these names.
func (s Several) Caused(by ...string) bool { return len(s.Match(by...)) > 0 }

// Same reports whether both hold the same failures, each as often, in whatever order: tasks that run
// beside each other fail in another order each time.
func (s Several) Same(other Several) bool {
	return maps.Equal(s.counted(), other.counted())
}

func (s Several) counted() map[string]int {
	counted := make(map[string]int, len(s))
	for _, f := range s {
		counted[f.Fingerprint()]++
	}
	return counted
}
