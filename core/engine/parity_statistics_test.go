package engine_test

import (
	"sync/atomic"
	"testing"
	"time"

	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// stepping is a host whose clock goes on by a second each time it is looked at.
type stepping struct {
	host.Host
	looks atomic.Int64
}

func (s *stepping) Now() time.Time { return time.Unix(s.looks.Add(1), 0) }

// What TaskFlow's engine counts and measures of a run: seconds_per_state, completed, discarded_failures,
// awaiting, incomplete, active_for.
func TestParityStatistics(t *testing.T) {
	playRows(t, []row{
		{"counts", func(s *scene) {
			f := flow.Linear("l", five("a"), flow.Unordered("u", five("b"), bad("c")))
			e := s.run(f, state.Reverted)
			st := e.Statistics()
			if st.Completed != 6 || st.Discarded != 1 || st.Awaiting != 0 || st.Running != 0 {
				s.Errorf("got %+v", st)
			}
			if st.Active != 0 || st.Waiting != 0 {
				s.Errorf("nobody asked for times: %+v", st)
			}
			e = s.fresh().run(flow.Linear("l", five("a")), state.Success)
			if st := e.Statistics(); st.Completed != 1 || st.Discarded != 0 {
				s.Errorf("got %+v", st)
			}
		}},
		{"awaiting when it was suspended", func(s *scene) {
			s.workers = min(s.workers, 1)
			e := s.run(flow.Unordered("u", s.suspending(five("a")), five("b"), five("c")), state.Suspended)
			if st := e.Statistics(); st.Completed != 1 || st.Awaiting != 2 {
				s.Errorf("got %+v", st)
			}
		}},
		{"times", func(s *scene) {
			clock := &stepping{Host: s.host()}
			s.config.Host, s.config.Timed = clock, true
			e := s.engine(flow.Linear("l", fives("a", "b")...))
			before := clock.looks.Load()
			s.again(e, state.Success)
			looks := time.Duration(clock.looks.Load()-before) * time.Second
			st := e.Statistics()
			sum := st.Resuming + st.Scheduling + st.Waiting + st.Analyzing
			if min(st.Resuming, st.Scheduling, st.Waiting, st.Analyzing) <= 0 || sum > st.Active || st.Active > looks {
				s.Errorf("of %v it measured %+v", looks, st)
			}
			first := st.Active
			s.again(e, state.Success) // there is nothing to do: what was measured is of this run
			if st := e.Statistics(); st.Active >= first || st.Completed != 0 {
				s.Errorf("the second run measured %+v", st)
			}
		}},
	})
}
