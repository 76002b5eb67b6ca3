package flow

import "fmt"

// Args is the arguments of one call, by name. A task has a few, so they are a list.
type Args []Arg

// Arg is one named value: nil, a bool, an int64, a string, a []byte, or what encoding/json makes of
// anything else; see [Encode].
type Arg struct {
	Name  string
	Value any
}

// Lookup returns the value with that name.
func (a Args) Lookup(name string) (any, bool) {
	for _, arg := range a {
		if arg.Name == name {
			return arg.Value, true
		}
	}
	return nil, false
}

// Get returns the argument as a T. The error, which names the argument and both types, is for the
// task to return.
func Get[T any](a Args, name string) (T, error) {
	var want T
	value, ok := a.Lookup(name)
	if !ok {
		return want, fmt.Errorf("there is no argument %q", name)
	}
	got, ok := value.(T)
	if !ok {
		return want, fmt.Errorf("argument %q is a %T, not a %T", name, value, want)
	}
	return got, nil
}
