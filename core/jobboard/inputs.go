package jobboard

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"derail/core/flow"
	"derail/core/record"
)

// Inputs is the values that a posting carries for the run of its job. The zero Inputs is none. They
// cannot be changed, and those that hold the same stored values are equal by ==.
//
// Every conductor holds what is on the board in memory: what is large belongs into the logbook.
type Inputs struct{ stored string }

// NewInputs makes inputs of values that can be stored; see [flow.Encode]. Each has a name of its own;
// the order of the names does not matter.
func NewInputs(args flow.Args) (Inputs, error) {
	if len(args) == 0 {
		return Inputs{}, nil
	}
	args = slices.Clone(args)
	slices.SortStableFunc(args, func(a, b flow.Arg) int { return cmp.Compare(a.Name, b.Name) })
	w := record.Begin(inputsRecord, recordVersion, 32*len(args))
	w.Uint(uint64(len(args)))
	for i, in := range args {
		switch {
		case in.Name == "":
			return Inputs{}, errors.New("inputs: a value has no name")
		case i > 0 && in.Name == args[i-1].Name:
			return Inputs{}, fmt.Errorf("inputs: %q is there twice", in.Name)
		}
		value, err := flow.Encode(in.Value)
		if err != nil {
			return Inputs{}, fmt.Errorf("inputs: %q: %w", in.Name, err)
		}
		w.Text(in.Name)
		w.Bytes(value)
	}
	return Inputs{stored: string(w.End())}, nil
}

// Args is the values by name, in the order of the names. They are the caller's own.
func (in Inputs) Args() flow.Args {
	if in.stored == "" {
		return nil
	}
	args, err := decodeInputs([]byte(in.stored))
	if err != nil {
		// NewInputs has made them, or readInputs has read them before.
		panic("jobboard: inputs that were sound are not: " + err.Error())
	}
	return args
}

// decodeInputs reads what [NewInputs] made.
func decodeInputs(stored []byte) (flow.Args, error) {
	r := record.Open(stored, inputsRecord, recordVersion)
	count := r.Count(4) // a name, a value, and how long they are
	if count == 0 {
		r.Fail("it holds no inputs") // then there is no such record
	}
	args := make(flow.Args, 0, count)
	for i := range count {
		in, ok := readInput(&r)
		if ok && i > 0 && in.Name <= args[i-1].Name {
			r.Fail("its inputs are not in the order of their names")
		}
		if !ok {
			break
		}
		args = append(args, in)
	}
	return args, r.End()
}

func readInput(r *record.Reader) (in flow.Arg, ok bool) {
	name, stored := r.Text(), r.Bytes()
	if name == "" || len(stored) == 0 { // also where the record has ended early
		r.Fail("one of its inputs has no name or no value")
		return in, false
	}
	value, err := flow.Decode(stored)
	if err != nil {
		r.Fail(err.Error())
		return in, false
	}
	return flow.Arg{Name: name, Value: value}, true
}

// readInputs reads the inputs of a posting that has some.
func readInputs(r *record.Reader) Inputs {
	stored := r.Text()
	if _, err := decodeInputs([]byte(stored)); err != nil {
		r.Fail("its inputs: " + err.Error())
		return Inputs{}
	}
	return Inputs{stored}
}
