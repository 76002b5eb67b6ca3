package engine

import (
	"fmt"
	"time"

	"derail/core/state"
)

// Statistics is how a run went. The times are measured only by an engine that is [Config.Timed].
type Statistics struct {
	Resuming, Scheduling, Waiting, Analyzing time.Duration
	Active                                   time.Duration // from the run's beginning to its end

	Completed int // calls that ended, of executing and of reverting
	Discarded int // failures about which a retry decided, or the whole flow is reverted for
	Awaiting  int // atoms that are ready and have not begun
	Running   int // calls that are being made
}

// String is the statistics in one line, the times only where they were measured.
func (s Statistics) String() string {
	text := fmt.Sprintf("%d calls, %d failures decided about, %d ready, %d running",
		s.Completed, s.Discarded, s.Awaiting, s.Running)
	if s.Active == 0 {
		return text
	}
	return fmt.Sprintf("%s; %v in all: resuming %v, scheduling %v, waiting %v, analyzing %v",
		text, s.Active, s.Resuming, s.Scheduling, s.Waiting, s.Analyzing)
}

// Statistics is how the current run goes, or the last one went.
func (e *Engine) Statistics() Statistics {
	s := e.clock.statistics
	s.Awaiting, s.Running = len(e.ready), e.crew.size
	return s
}

// stopwatch counts and measures one run.
type stopwatch struct {
	engine     *Engine
	statistics Statistics
	began      time.Time
	entered    time.Time
	in         state.State
}

func (w *stopwatch) start(e *Engine) {
	*w = stopwatch{engine: e}
	if e.config.Timed {
		w.began = e.config.Host.Now()
	}
}

func (w *stopwatch) ended(calls, failures int) {
	w.statistics.Completed += calls
	w.statistics.Discarded += failures
}

// enter is told when the engine comes into a state.
func (w *stopwatch) enter(s state.State) {
	if !w.engine.config.Timed {
		return
	}
	now := w.engine.config.Host.Now()
	spent := now.Sub(w.entered)
	switch w.in {
	case state.Resuming:
		w.statistics.Resuming += spent
	case state.Scheduling:
		w.statistics.Scheduling += spent
	case state.Waiting:
		w.statistics.Waiting += spent
	case state.Analyzing:
		w.statistics.Analyzing += spent
	}
	w.in, w.entered = s, now
}

func (w *stopwatch) stop() {
	if w.engine.config.Timed {
		w.statistics.Active = w.engine.config.Host.Now().Sub(w.began)
	}
}
