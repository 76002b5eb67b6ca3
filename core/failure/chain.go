package failure

import (
	"reflect"
	"strings"
)

const (
	maxErrors    = 1024 // looked at in one error: one that holds itself would have no end
	maxTypeNames = 16
	maxTypeName  = 256 // bytes: a type parameter or a nameless struct can make it very long
)

// find looks at err and at the errors below it, in the order of errors.Is, until seen says so. Other than
// errors.Is it comes to an end whatever a task has returned.
func find(err error, seen func(e error) bool) bool {
	left := maxErrors
	return findIn(err, &left, seen)
}

func findIn(err error, left *int, seen func(e error) bool) bool {
	for err != nil && *left > 0 {
		*left--
		if seen(err) {
			return true
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				if findIn(one, left, seen) {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
	return false
}

// findType finds the first error of a type, as errors.As does.
func findType[E error](err error) (found E, ok bool) {
	ok = find(err, func(e error) (is bool) {
		found, is = e.(E)
		return is
	})
	return found, ok
}

// findTarget finds a sentinel, as errors.Is does.
func findTarget(err, target error) bool {
	return find(err, func(e error) bool {
		asks, can := e.(interface{ Is(target error) bool })
		return e == target || can && asks.Is(target)
	})
}

func typeNames(err error) []string {
	var names []string
	gather(err, &names)
	return names
}

// gather adds to names as it goes, so that they are there even if an error panics in the middle.
func gather(err error, names *[]string) {
	find(err, func(e error) bool {
		if known, is := e.(*Failure); is {
			left := maxTypeNames - len(*names)
			*names = append(*names, known.TypeNames[:min(len(known.TypeNames), left)]...)
		} else if name := typeName(e); telling(name) {
			*names = append(*names, name)
		}
		return len(*names) == maxTypeNames
	})
}

func typeName(err error) string { return nameOf(reflect.TypeOf(err)) }

func nameOf(t reflect.Type) string {
	name := t.String()
	if len(name) > maxTypeName {
		name = strings.ToValidUTF8(name[:maxTypeName], "")
	}
	return name
}

// telling reports whether a type says more than that there is a text.
func telling(name string) bool {
	switch name {
	case "*errors.errorString", "*errors.joinError", "*fmt.wrapError", "*fmt.wrapErrors",
		"*failure.internalError", "failure.Several":
		return false
	}
	return true
}
