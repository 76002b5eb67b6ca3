package main

import (
	"derail/checker"
	"derail/sim/world"
)

// stopFlag ends a run where a promise is broken. What happens until then is the same with it and without.
type stopFlag struct {
	StopEarly bool `help:"${stop_early}"`
}

// stopName is the flag as it is typed.
const stopName = "--stop-early"

// stops tells the experiments.
func (s stopFlag) stops(list []*experiment) {
	for _, e := range list {
		e.stop = e.stop || s.StopEarly
	}
}

// stopArguments are what a command line needs so that runs of the experiment end where they do here.
func (e *experiment) stopArguments() []string {
	if e.stop {
		return []string{stopName}
	}
	return nil
}

// options are how runs of the experiment are run.
func (e *experiment) options(o world.Options) world.Options {
	if e.stop {
		o.Live = &checker.Live{}
	}
	return o
}
