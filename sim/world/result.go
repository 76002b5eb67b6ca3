package world

import (
	"derail/checker/history"
	"derail/core/failpoints"
	"derail/sim/choice"
)

// Result is what a run came to. It is valid until the world's next run.
type Result struct {
	Seed      uint64
	Hash      uint64
	History   *history.History
	Simulated int64        // virtual nanoseconds
	Steps     uint64       // of the kernel
	Calls     int64        // that reached the store
	Faults    []int64      // by Blueprint.FaultNames
	Points    []PointCount // of all failpoints
	// Strikes are those of faults, in order, where everything is recorded: see [Options].Full.
	Strikes []Strike
	// Plan is the faults of a run that has drawn some for itself, with those that the scenario names, in
	// the text form of package scenarios; otherwise empty. In the place of the scenario's faults it makes
	// the same run.
	Plan     string
	Posted   int // jobs that the board had, at one time or another
	Consumed int
	Trashed  int
	Left     int
	// Stopped is the promise that was broken when the run was ended for that, and StoppedAt the record by
	// which; see [Options.Live].
	Stopped   string
	StoppedAt int64
	// Lost is how many commits were acknowledged by a store on a disk that has lost them.
	Lost int64
	// Ruined says by what the run was broken beyond what the promises cover, wholly or for some jobs;
	// empty when it was not.
	Ruined string
	// Broken is set when the run could not be run to its end: a process of the simulation or of core
	// panicked, or the run went on for ever at one instant.
	Broken error
}

// Strike is one strike of a fault: by which name [Options].Spare knows it, and the record that tells of it.
type Strike struct {
	At     choice.Address
	Record int64
}

// PointCount is how often a failpoint was passed in a run, and how often it fired.
type PointCount struct {
	Name          string
	Passed, Fired int64
}

// countPoints tells what the failpoints have done.
func (w *World) countPoints() {
	points := w.result.Points[:0]
	passed, fired := w.faults.Passed(), w.faults.Fired()
	for _, p := range failpoints.All() {
		points = append(points, PointCount{p.Name, passed[p.Index], fired[p.Index]})
	}
	w.result.Points = points
}

// count counts a job that the board has had. One that it never had is nowhere, and not consumed.
func (r *Result) count(where string) {
	r.Posted++
	switch where {
	case history.FinalGone:
		r.Consumed++
	case history.FinalTrashed:
		r.Trashed++
	default:
		r.Left++
	}
}
