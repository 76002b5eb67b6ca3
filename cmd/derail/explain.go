package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"derail/checker"
	"derail/reports"
	"derail/sim/choice"
	"derail/sim/explain"
	"derail/sim/shrink"
	"derail/sim/world"
)

const (
	// explainTime is after how long no further run is made to explain one. It is far more than that takes where
	// the machine is not busy: what is found does not depend on it then, and where it does, it says so.
	explainTime = 20 * time.Second
	// mostWorkedOut is how many failing runs of a scenario are explained at most.
	mostWorkedOut = 3
)

// explainFlags ask for an explanation of a run.
type explainFlags struct {
	Explain bool   `help:"${explain}"`
	Promise string `placeholder:"NAME" help:"${promise}"`
}

// noExplainFlag leaves explanations out.
type noExplainFlag struct {
	NoExplain bool `help:"Do not work out how the runs that are saved came to break a promise."`
}

// into puts what was asked for into the folder of a run that was just run again: an explanation, worked out
// anew, or else the one that was saved with it, if it is the same run.
func (f *explainFlags) into(again *rerun, folder *reports.RunFolder, o world.Options) error {
	if !f.Explain && f.Promise == "" {
		if again.recorded == folder.Run.Hash {
			folder.Explanation, folder.Drawing = again.explanation, again.drawing
		}
		return nil
	}
	broken := orItself(brokenPromises(folder.Run.Verdicts), folder.Run.Unmet)
	switch {
	case len(broken) == 0 && !f.Explain:
		return wrongInput(errors.New("--promise: no promise was broken in this run"))
	case len(broken) == 0:
		return nil
	case f.Promise == "":
	case !slices.Contains(broken, f.Promise):
		return mistaken(fmt.Sprintf("--promise: %q was not broken in this run", f.Promise), "", f.Promise, broken)
	default:
		broken = []string{f.Promise}
	}
	return again.experiment.explain(context.Background(), folder, broken[0], o)
}

// brokenPromises are the names of the properties that a run broke, the one that was broken first before the
// others, because what comes later is likely to come of that.
func brokenPromises(verdicts []checker.Verdict) (names []string) {
	at := map[string]int64{}
	for _, v := range verdicts {
		if v.Outcome != checker.Invalid {
			continue
		}
		names = append(names, v.Property)
		at[v.Property] = math.MaxInt64 // what no record shows is seen in the end
		for _, f := range v.Findings {
			if n := len(f.Records); n > 0 {
				at[v.Property] = min(at[v.Property], f.Records[n-1])
			}
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(at[a], at[b]) })
	return names
}

// orItself is those promises or, where a run broke none of them and is not as expected all the same, what it
// says itself.
func orItself(broken, unmet []string) []string {
	if len(broken) == 0 && len(unmet) > 0 {
		return []string{shrink.TheRun}
	}
	return broken
}

// explain works out how the run of a folder came to break a promise, and puts that into the folder; when ctx
// ends, as much of it as is known by then.
func (e *experiment) explain(
	ctx context.Context, f *reports.RunFolder, property string, o world.Options,
) (err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			err = fault(fmt.Errorf("internal fault: %v", trouble))
		}
	}()
	begun := time.Now()
	record, err := choice.ParseRecord(string(f.Choices))
	if err != nil {
		return fault(err)
	}
	told, err := explain.Explain(explain.Config{
		Blueprint: e.blueprint, Record: record, Seed: f.Run.Seed, Property: property, Options: e.options(o),
		Stop: func(percent int) bool {
			return ctx.Err() != nil || time.Since(begun) > explainTime*time.Duration(percent)/100
		},
	})
	switch {
	case property == shrink.TheRun && errors.Is(err, explain.ErrKept):
		return nil // something was missed of which a run says nothing, such as a promise that was to be broken
	case err != nil:
		return fault(err)
	}
	f.Explanation, f.Drawing = &told.Explanation, told.Drawing
	return nil
}

// explainer works out how saved runs came to break promises: one run for each promise, and no more than
// mostWorkedOut in all.
type explainer struct {
	explained []string // properties that a run broke which was explained
	workedOut int      // runs that were
}

// explain works out how a run that is saved came to break the first of the promises that it was not to break.
// It does so for a run only where one of them was broken in no run before it: what a run breaks besides is
// likely to come of the same, and --promise explains it. When ctx has ended it does nothing.
func (x *explainer) explain(
	ctx context.Context, e *experiment, f *reports.RunFolder, breached []string, o world.Options,
) error {
	if x.workedOut >= mostWorkedOut || ctx.Err() != nil {
		return nil
	}
	broken := slices.DeleteFunc(brokenPromises(f.Run.Verdicts), func(property string) bool {
		return !slices.Contains(breached, property)
	})
	fresh := slices.DeleteFunc(orItself(broken, f.Run.Unmet), func(property string) bool {
		return slices.Contains(x.explained, property)
	})
	if len(fresh) == 0 {
		return nil
	}
	x.explained = append(x.explained, fresh...)
	x.workedOut++
	return e.explain(ctx, f, fresh[0], o)
}
