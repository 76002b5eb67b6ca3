package flow

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// ErrNoneLeft is the failure of a retry whose list has no element that was not tried yet.
var ErrNoneLeft = errors.New("no elements left")

// AlwaysRevert makes a retry that never tries again; see [RevertFlow].
func AlwaysRevert() *Retry { return always(RevertFlow) }

// AlwaysRevertAll makes a retry that reverts everything; see [RevertAll].
func AlwaysRevertAll() *Retry { return always(RevertAll) }

func always(d Decision) *Retry {
	return &Retry{OnFailure: func(Args, History) Decision { return d }}
}

// Times makes a retry that lets its flow begin so many times, at least once; then the flow is reverted.
// Its value is the number of the attempt, from 1.
func Times(attempts int) *Retry {
	return &Retry{
		Execute: func(_ context.Context, _ Args, past History) (any, error) { return int64(len(past)) + 1, nil },
		OnFailure: func(_ Args, past History) Decision {
			if len(past) < attempts {
				return TryAgain
			}
			return RevertFlow
		},
	}
}

// ForEach makes a retry whose value is one of these after the other, until one of them does it; then the
// flow is reverted. A value that is there twice is tried twice.
func ForEach(values ...any) *Retry {
	keys := make([]string, len(values))
	var wrong error
	for i, value := range values {
		var err error
		if keys[i], err = storedKey(value); err != nil && wrong == nil {
			wrong = fmt.Errorf("value %d: %w", i+1, err)
		}
	}
	return &Retry{
		wrong: wrong,
		Execute: func(_ context.Context, _ Args, past History) (any, error) {
			n, err := firstUntried(keys, past)
			if err != nil {
				return nil, err
			}
			return values[n], nil
		},
		OnFailure: func(_ Args, past History) Decision {
			if _, err := firstUntried(keys, past); err != nil {
				return RevertFlow
			}
			return TryAgain
		},
	}
}

// ParameterizedForEach is [ForEach] with the list that the argument from is.
func ParameterizedForEach(from string) *Retry {
	next := func(args Args, past History) (any, error) {
		values, err := list(args, from)
		if err != nil {
			return nil, err
		}
		keys := make([]string, len(values))
		for i, value := range values {
			if keys[i], err = storedKey(value); err != nil {
				return nil, fmt.Errorf("element %d of argument %q: %w", i+1, from, err)
			}
		}
		n, err := firstUntried(keys, past)
		if err != nil {
			return nil, err
		}
		return values[n], nil
	}
	return &Retry{
		Requires: []string{from},
		Execute: func(_ context.Context, args Args, past History) (any, error) {
			return next(args, past)
		},
		OnFailure: func(args Args, past History) Decision {
			if _, err := next(args, past); err != nil {
				return RevertFlow
			}
			return TryAgain
		},
	}
}

// Named returns a retry like this one with a name of its own.
func (r *Retry) Named(name string) *Retry {
	other := *r
	other.Name = name
	return &other
}

// Providing returns a retry like this one, the value of whose attempts has this name.
func (r *Retry) Providing(value string) *Retry {
	other := *r
	other.Provides = value
	return &other
}

// OrRevertAll returns a retry like this one that reverts everything where this one reverts its own flow.
func (r *Retry) OrRevertAll() *Retry {
	other := *r
	if r.OnFailure != nil {
		other.OnFailure = func(args Args, past History) Decision {
			if d := r.OnFailure(args, past); d != RevertFlow {
				return d
			}
			return RevertAll
		}
	}
	return &other
}

// firstUntried is the first element that is there more often than it was tried. Elements are compared
// in their stored form, the only one that is the same in the process that goes on after a crash.
func firstUntried(keys []string, past History) (int, error) {
	tried := make(map[string]int, len(past))
	for _, attempt := range past {
		key, err := storedKey(attempt.Value)
		if err != nil {
			return 0, err
		}
		tried[key]++
	}
	for i, key := range keys {
		if tried[key] == 0 {
			return i, nil
		}
		tried[key]--
	}
	return 0, ErrNoneLeft
}

// storedKey is the stored form of a value that has been stored and read before: the keys of a struct
// change their order once.
func storedKey(value any) (string, error) {
	stored, err := Encode(value)
	if err != nil {
		return "", err
	}
	if stored[0] == valueJSON {
		if value, err = Decode(stored); err == nil {
			stored, err = Encode(value)
		}
	}
	return string(stored), err
}

// list is an argument that has to be a list.
func list(args Args, name string) ([]any, error) {
	value, has := args.Lookup(name)
	if !has {
		return nil, fmt.Errorf("there is no argument %q", name)
	}
	switch v := value.(type) {
	case []any:
		return v, nil
	case nil, []byte:
	default:
		if r := reflect.ValueOf(v); r.Kind() == reflect.Slice || r.Kind() == reflect.Array {
			values := make([]any, r.Len())
			for i := range values {
				values[i] = r.Index(i).Interface()
			}
			return values, nil
		}
	}
	return nil, fmt.Errorf("argument %q is a %T, not a list", name, value)
}
