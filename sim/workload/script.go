package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/scenarios"
	"derail/sim/fault"
)

// script is what one task of a group does.
//
// Its result says which task it is of, and in which attempts of the retries around it it was made.
// Who requires it checks both, so that a result that was lost, swapped or kept too long is found by the
// next task.
type script struct {
	group   *Group
	name    string
	number  int
	around  []counter // the retries around it, the nearest first
	results []wanted
}

// counter is a retry whose attempts can be told apart.
type counter struct {
	value    string
	attempts int64
}

// wanted is a result that a task requires.
type wanted struct {
	name   string
	number int64
	around []counter // those that the result tells the attempt of
}

const (
	inputJob = "job" // the flow input that names the job

	// Of the tasks directly before it, a task asks so many for their results: arguments are looked up
	// one by one.
	mostWanted = 8
	// A result tells the attempts of so many retries around its task, each in a digit of base; more
	// would not fit beside each other.
	mostTold  = 3
	base      = 128
	firstBase = 16_384 // of the lowest digit, which is the task's number
)

func resultName(task int) string   { return "result-" + strconv.Itoa(task) }
func attemptName(retry int) string { return "attempt-" + strconv.Itoa(retry) }
func choiceText(n int) string      { return choicePrefix + strconv.Itoa(n) }

const choicePrefix = "choice-"

// undoes says whether a task has something to undo: every other one does.
func undoes(task int) bool { return task%2 == 1 }

// counts says whether the atom is a retry that provides its attempts.
func (s *sketch) counts() bool {
	return s.retry != nil && s.retry.Kind != scenarios.RetryRevert && s.retry.Kind != scenarios.RetryRevertAll
}

func newScript(g *Group, o *outline, at int) *script {
	a := &o.atoms[at]
	s := &script{group: g, name: a.name, number: a.number, around: o.countersAround(at)}
	for _, n := range a.before {
		b := &o.atoms[n]
		if b.retry != nil || b.never || len(s.results) == mostWanted {
			continue
		}
		around := o.countersAround(n)
		s.results = append(s.results, wanted{resultName(b.number), int64(b.number), told(around)})
	}
	return s
}

// countersAround is the retries around an atom that provide their attempts.
func (o *outline) countersAround(at int) []counter {
	var all []counter
	for n := o.atoms[at].under; n != nobody; n = o.atoms[n].under {
		if r := &o.atoms[n]; r.counts() && !r.never {
			all = append(all, counter{attemptName(r.number), int64(r.retry.Attempts)})
		}
	}
	return all
}

func told(around []counter) []counter { return around[:min(len(around), mostTold)] }

func (s *script) requires() []string {
	names := []string{inputJob}
	for _, r := range s.results {
		names = append(names, r.name)
	}
	for _, c := range s.around {
		names = append(names, c.value)
	}
	return names
}

// given is the job that a call is for, and the result of the task in the present attempts; the error
// says what is wrong with the arguments.
func (s *script) given(place *Place, args flow.Args) (job string, result int64, err error) {
	job, err = flow.Get[string](args, inputJob)
	if err == nil {
		result, err = s.result(args)
	}
	for i := 0; i < len(s.results) && err == nil; i++ {
		err = s.check(&s.results[i], args)
	}
	if err != nil {
		return job, 0, s.misled(place, job, err)
	}
	return job, result, nil
}

// misled makes the failure of a task that was told something wrong.
func (s *script) misled(place *Place, job string, wrong error) error {
	if place.Misled != nil {
		place.Misled(job, s.name, wrong)
	}
	return failure.Internal(fmt.Errorf("task %d: %w", s.number, wrong))
}

// result is what the task returns in the present attempts of the retries around it.
func (s *script) result(args flow.Args) (int64, error) {
	result, unit := int64(s.number), int64(firstBase)
	for i, c := range s.around {
		attempt, err := c.attempt(args)
		if err != nil {
			return 0, err
		}
		if i < mostTold {
			result += unit * attempt
			unit *= base
		}
	}
	return result, nil
}

// attempt is which attempt of a retry an argument stands for.
func (c counter) attempt(args flow.Args) (int64, error) {
	value, is := args.Lookup(c.value)
	var n int64
	switch v := value.(type) {
	case int64:
		n = v
	case string:
		if digits, choice := strings.CutPrefix(v, choicePrefix); choice {
			n, _ = strconv.ParseInt(digits, 10, 64)
		}
	}
	if !is || n < 1 || n > c.attempts {
		return 0, fmt.Errorf("%s is %v, which is no attempt from 1 to %d", c.value, value, c.attempts)
	}
	return n, nil
}

// check makes sure that a result is that of the right task, in the present attempts of the retries
// around both, and in some attempt of those around the other alone.
func (s *script) check(w *wanted, args flow.Args) error {
	value, _ := args.Lookup(w.name)
	got, is := value.(int64)
	if !is || got%firstBase != w.number {
		return fmt.Errorf("%s is %v, which is not of task %d", w.name, value, w.number)
	}
	digits := got / firstBase
	for _, c := range w.around {
		attempt := digits % base
		digits /= base
		if slices.Contains(s.around, c) {
			if now, err := c.attempt(args); err != nil || now != attempt {
				return fmt.Errorf("%s is of attempt %d of %s, which is at %d", w.name, attempt, c.value, now)
			}
		} else if attempt < 1 || attempt > c.attempts {
			return fmt.Errorf("%s is of attempt %d of %s, of %d", w.name, attempt, c.value, c.attempts)
		}
	}
	if digits != 0 {
		return fmt.Errorf("%s is %d, which is of more retries than there are", w.name, got)
	}
	return nil
}

func (s *script) execute(ctx context.Context, args flow.Args) (any, error) {
	place := ctx.Value(placeKey{}).(*Place)
	job, result, err := s.given(place, args)
	if err != nil {
		return nil, err
	}
	m, work := place.Machine, s.group.Spec.Work
	hit := place.Faults.Task(m.Kernel().Now(), place.Node, s.group.Index, s.number, job)
	takes := place.Source.Stream("work", job).Between(int64(work.Low), int64(work.High)) + hit.Slow
	if takes > 0 {
		if err := m.Sleep(ctx, nanoseconds(takes)); err != nil {
			return nil, err
		}
	}
	if err := suffer(hit, place); err != nil {
		return nil, err
	}
	return result, nil
}

// revert undoes a task, which takes as long as doing it. It checks that it is told what was done.
func (s *script) revert(ctx context.Context, args flow.Args, of flow.Undo) error {
	place := ctx.Value(placeKey{}).(*Place)
	job, result, err := s.given(place, args)
	if err != nil {
		return err
	}
	if of.Failed == nil && of.Result != result {
		return s.misled(place, job, fmt.Errorf("it is to undo %v instead of %d", of.Result, result))
	}
	work := s.group.Spec.Work
	undo := place.Source.Stream("undo", job).Between(int64(work.Low), int64(work.High))
	return place.Machine.Sleep(ctx, nanoseconds(undo))
}

var (
	errOrdinary = errors.New("the task's own work failed")
	errInternal = errors.New("the engine's surroundings failed")
)

// suffer carries out what hits a task.
func suffer(hit fault.Task, place *Place) error {
	switch hit.Kind {
	case scenarios.KindTaskError:
		if hit.Internal {
			return failure.Internal(errInternal)
		}
		return errOrdinary
	case scenarios.KindTaskPanic:
		panic("index out of range")
	case scenarios.KindTaskHang:
		// It heeds no context: only the machine's end is the end of it.
		_, err := place.Machine.NewSignal().Wait(context.Background(), host.Forever)
		return err
	case scenarios.KindTaskPoison:
		place.Poisoned()
		place.Machine.Crash()
	}
	return nil
}
