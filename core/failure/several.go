package failure

import "strings"

// Several is more than one failure at once. It is empty only by mistake.
type Several []*Failure

// Collect makes failures of several errors, of which any may be nil. It is flat: what is itself several,
// or was put together by errors.Join, counts as what it holds.
func Collect(atom string, errs ...error) Several { return collect(atom, errs, 0) }

const maxNesting = 100 // of what Collect takes apart: an error may hold itself

func collect(atom string, errs []error, depth int) Several {
	var all Several
	for _, err := range errs {
		if parts, is := parts(err); is && depth < maxNesting {
			all = append(all, collect(atom, parts, depth+1)...)
		} else if err != nil {
			all = append(all, From(atom, err))
		}
	}
	return all
}

// parts takes an error apart that adds nothing to those that it holds.
func parts(err error) ([]error, bool) {
	if s, is := err.(Several); is {
		return s.Unwrap(), true
	}
	joined, is := err.(interface{ Unwrap() []error })
	if !is {
		return nil, false
	}
	parts := joined.Unwrap()
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = part.Error()
	}
	return parts, err.Error() == strings.Join(texts, "\n")
}

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
