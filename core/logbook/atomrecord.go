package logbook

import (
	"errors"
	"fmt"
	"slices"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/record"
	"derail/core/state"
)

var intentions = [...]state.Intention{"", state.ToExecute, state.ToIgnore, state.ToRevert, state.ToRetry}

// The parts of an atom's record that most atoms do not have.
const (
	partRetry    = 1 << iota // it is a retry: its attempts, and when it last tried again
	partIgnored              // how far a decider's no reached
	partFailed               // its failures
	partProgress             // what it reported
	partsKnown   = 1<<iota - 1
)

func partsOf(a *AtomDetail) (parts uint64) {
	if a.Retry {
		parts |= partRetry
	}
	if a.State == state.Ignore {
		parts |= partIgnored
	}
	if a.Failure != nil || a.RevertFailure != nil {
		parts |= partFailed
	}
	if a.Done != 0 || a.Note != "" {
		parts |= partProgress
	}
	return parts
}

// maxDone is all of an atom's progress.
const maxDone = 1000

// check refuses a detail that could not be read again: whoever finds it in the store could not go on.
func (a *AtomDetail) check() error {
	switch {
	case state.Code(a.State) == 0 && a.State != "":
		return fmt.Errorf("there is no state %q", a.State)
	case !slices.Contains(intentions[:], a.Intention):
		return fmt.Errorf("there is no intention %q", a.Intention)
	case a.Depth > flow.DepthAtom:
		return errors.New("there is no such depth")
	case a.Done < 0 || a.Done > maxDone:
		return fmt.Errorf("a progress of %d is none", a.Done)
	}
	for i := range a.Attempts {
		if len(a.Attempts[i].Value) == 0 || slices.Contains(a.Attempts[i].Failures, nil) {
			return fmt.Errorf("attempt %d has no value or an empty failure", i)
		}
	}
	return nil
}

// atomRoom is about how many bytes an atom's record takes, and never much less.
func atomRoom(a *AtomDetail) int {
	const failureRoom = 512 // failures are rare, and a buffer that is too small grows
	size := record.Overhead + 18 + len(a.Name) + len(a.Result) + len(a.Note)
	if a.Failure != nil {
		size += failureRoom
	}
	if a.RevertFailure != nil {
		size += failureRoom
	}
	for i := range a.Attempts {
		size += 8 + len(a.Attempts[i].Value) + failureRoom*len(a.Attempts[i].Failures)
	}
	return size
}

func writeAtom(room []byte, a *AtomDetail) record.Writer {
	w := record.BeginIn(room, atomRecord, recordVersion)
	w.Text(a.Name)
	w.Int(a.Tick)
	w.Uint(uint64(state.Code(a.State)))
	code := 0
	for i, known := range intentions {
		if known == a.Intention {
			code = i
		}
	}
	w.Uint(uint64(code))
	w.Bytes(a.Result)
	parts := partsOf(a)
	w.Uint(parts)
	if parts&partRetry != 0 {
		w.Int(a.Restarted)
		writeAttempts(&w, a.Attempts)
	}
	if parts&partIgnored != 0 {
		w.Uint(uint64(a.Depth))
	}
	if parts&partFailed != 0 {
		failure.Append(&w, a.Failure)
		failure.Append(&w, a.RevertFailure)
	}
	if parts&partProgress != 0 {
		w.Uint(uint64(a.Done))
		w.Text(a.Note)
	}
	return w
}

func writeAttempts(w *record.Writer, attempts []Attempt) {
	w.Uint(uint64(len(attempts)))
	for i := range attempts {
		w.Bytes(attempts[i].Value)
		w.Uint(uint64(len(attempts[i].Failures)))
		for _, f := range attempts[i].Failures {
			failure.Append(w, f)
		}
	}
}

// decodeAtom reads the detail of the atom with that name, which the key says.
func decodeAtom(stored []byte, name string, a *AtomDetail) error {
	r := record.Open(stored, atomRecord, recordVersion)
	if string(r.Bytes()) != name {
		r.Fail("it is another atom's")
	}
	a.Name, a.Tick, a.State = name, r.Int(), readState(&r)
	if code := r.Uint(); code < uint64(len(intentions)) {
		a.Intention = intentions[code]
	} else {
		r.Fail("it holds an intention that does not exist")
	}
	a.Result = r.Bytes()
	parts := r.Uint()
	if parts > partsKnown {
		r.Fail("it holds a part that does not exist")
	}
	readParts(&r, parts, a)
	if parts != partsOf(a) {
		r.Fail("it does not hold the parts that it says")
	}
	return r.End()
}

func readParts(r *record.Reader, parts uint64, a *AtomDetail) {
	if parts&partRetry != 0 {
		a.Retry, a.Restarted, a.Attempts = true, r.Int(), readAttempts(r)
	}
	if parts&partIgnored != 0 {
		depth := r.Uint()
		if depth > uint64(flow.DepthAtom) {
			r.Fail("it holds a depth that does not exist")
		}
		a.Depth = flow.Depth(depth)
	}
	if parts&partFailed != 0 {
		a.Failure, a.RevertFailure = failure.Read(r), failure.Read(r)
	}
	if parts&partProgress != 0 {
		done := r.Uint()
		if done > maxDone {
			r.Fail("it holds more progress than there is")
		}
		a.Done, a.Note = int(done), r.Text()
	}
}

func readAttempts(r *record.Reader) []Attempt {
	count := r.Count(3) // a value, how long it is, and how many failures there are
	if count == 0 {
		return nil
	}
	attempts := make([]Attempt, 0, count)
	for range count {
		attempt := Attempt{Value: r.Bytes()}
		if len(attempt.Value) == 0 { // also where the record has ended early
			r.Fail("an attempt has no value")
			return nil
		}
		for range r.Count(1) {
			f := failure.Read(r)
			if f == nil { // also where the record has ended early
				r.Fail("a failure is missing")
				return nil
			}
			attempt.Failures = append(attempt.Failures, f)
		}
		attempts = append(attempts, attempt)
	}
	return attempts
}
