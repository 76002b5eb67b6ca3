package flow

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"derail/core/failure"
)

// Func makes a task of a function. Its arguments are the exported fields of the struct In, each under
// the field's name with a lower first letter, unless a tag says otherwise:
//
//	Width int                          // argument "width", required
//	Width int `flow:"w"`               // argument "w"
//	Width int `flow:"w,optional"`      // stays zero when nobody provides it; a pointer stays nil
//	Width int `flow:",optional"`
//	Width int `flow:"-"`               // no argument
//
// The fields of an embedded struct without a tag count as the struct's own. Out is the task's whole
// result, which has a name if the task is made [Task.Providing] one; but if Out is a struct with flow
// tags, each field that has one is a value of that name that others can ask for.
//
// What is wrong with In or Out, [Task.Err] says, and so the compiler of the engine. What a stored value
// cannot be converted to is an error of the call: nothing is rounded, cut off or guessed. Whole numbers
// inside of larger values travel as JSON, exactly up to 1<<53.
func Func[In, Out any](name string, do func(ctx context.Context, in In) (Out, error)) *Task {
	return Reversible(name, do, nil)
}

// Reversible is [Func] with a function that undoes; it gets the same arguments, and the result.
func Reversible[In, Out any](
	name string,
	do func(ctx context.Context, in In) (Out, error),
	undo func(ctx context.Context, in In, of Undone[Out]) error,
) *Task {
	arguments, errIn := argumentsOf(reflect.TypeFor[In]())
	out, errOut := resultOf(reflect.TypeFor[Out]())
	t := &Task{Name: name, wrong: errors.Join(errIn, errOut)}
	for _, a := range arguments {
		if a.optional {
			t.Optional = append(t.Optional, a.name)
		} else {
			t.Requires = append(t.Requires, a.name)
		}
	}
	t.ProvidesKeys = out.provides
	if do == nil {
		t.wrong = errors.Join(t.wrong, errors.New("it has no function"))
		return t
	}
	t.Execute = func(ctx context.Context, args Args) (any, error) {
		var in In
		if err := bind(&in, arguments, args); err != nil {
			return nil, fmt.Errorf("task %q: %w", name, err)
		}
		result, err := do(ctx, in)
		if err != nil || out.store == nil {
			return result, err
		}
		return out.store(reflect.ValueOf(&result).Elem()), nil
	}
	if undo != nil {
		t.Revert = func(ctx context.Context, args Args, of Undo) error {
			var in In
			err := bind(&in, arguments, args)
			undone := Undone[Out]{Failed: of.Failed, Failures: of.Failures}
			if err == nil && of.Failed == nil {
				err = out.read(reflect.ValueOf(&undone.Result).Elem(), of.Result)
			}
			if err != nil {
				return fmt.Errorf("task %q: %w", name, err)
			}
			return undo(ctx, in, undone)
		}
	}
	return t
}

// Undone is [Undo] for a function that knows the type of the result.
type Undone[Out any] struct {
	Result   Out             // what the function returned, or zero when it failed
	Failed   error           // why this task failed, or nil when it is reverted for another's sake
	Failures failure.Several // as in [Undo]
}

// Providing returns a task like this one whose whole result has this name.
func (t *Task) Providing(value string) *Task {
	other := *t
	other.Provides = value
	return &other
}

// Map makes a task that calls a function with each of the values named in over. Its result is the list
// of what the function returned, in that order; ProvidesItems can name its elements.
func Map[A, B any](name string, each func(ctx context.Context, a A) (B, error), over ...string) *Task {
	read, err := readerOf(reflect.TypeFor[A]())
	_, errOut := readerOf(reflect.TypeFor[B]())
	if errOut == nil && isBytes(reflect.TypeFor[B]()) {
		errOut = errors.New("bytes cannot be elements of a list, which is kept as JSON")
	}
	t := &Task{Name: name, Requires: over, wrong: errors.Join(err, errOut)}
	if each == nil {
		t.wrong = errors.Join(t.wrong, errors.New("it has no function"))
		return t
	}
	t.Execute = func(ctx context.Context, args Args) (any, error) {
		all := make([]B, 0, len(over))
		for _, argument := range over {
			a, err := one[A](read, args, argument)
			if err != nil {
				return nil, fmt.Errorf("task %q: %w", name, err)
			}
			b, err := each(ctx, a)
			if err != nil {
				return nil, err
			}
			all = append(all, b)
		}
		return all, nil
	}
	return t
}

// Reduce makes a task that combines the values named in over, at least two: the first with the second,
// what comes of it with the third, and so on. What comes of it in the end is its result.
func Reduce[A any](name string, combine func(ctx context.Context, a, b A) (A, error), over ...string) *Task {
	read, err := readerOf(reflect.TypeFor[A]())
	out, errOut := resultOf(reflect.TypeFor[A]())
	t := &Task{Name: name, Requires: over, wrong: errors.Join(err, errOut)}
	if len(over) < 2 {
		t.wrong = errors.Join(t.wrong, fmt.Errorf("it takes at least two values, and not %d", len(over)))
	}
	if combine == nil {
		t.wrong = errors.Join(t.wrong, errors.New("it has no function"))
		return t
	}
	t.Execute = func(ctx context.Context, args Args) (any, error) {
		var so A
		for i, argument := range over {
			a, err := one[A](read, args, argument)
			if err != nil {
				return nil, fmt.Errorf("task %q: %w", name, err)
			}
			if i == 0 {
				so = a
			} else if so, err = combine(ctx, so, a); err != nil {
				return nil, err
			}
		}
		if out.store == nil {
			return so, nil
		}
		return out.store(reflect.ValueOf(&so).Elem()), nil
	}
	return t
}

// one is one argument as an A.
func one[A any](read reader, args Args, name string) (A, error) {
	var a A
	value, has := args.Lookup(name)
	if !has {
		return a, fmt.Errorf("there is no argument %q", name)
	}
	if err := read(reflect.ValueOf(&a).Elem(), value); err != nil {
		return a, fmt.Errorf("argument %q: %w", name, err)
	}
	return a, nil
}
