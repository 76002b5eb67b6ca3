package world

import (
	"time"

	"derail/checker/history"
	"derail/core/host"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// aftermath is how long a run goes on after the system has come to rest, or could have: so long
// that every call which is on its way has ended.
const aftermath = 5 * time.Second

// strike is a timed fault in one run: it strikes, and sees to the next time.
type strike struct {
	world  *World
	timed  fault.Timed
	stream *choice.Stream
	struck int
}

// nemesis sets a timed fault to work.
func (w *World) nemesis(t fault.Timed) {
	s := &strike{world: w, timed: t, stream: w.source.Stream(t.Stream, "")}
	w.kernel.At(t.At, s)
}

// Fire is one strike.
func (s *strike) Fire() {
	now := s.world.kernel.Now()
	if now >= s.timed.Until || s.timed.Times > 0 && s.struck >= s.timed.Times {
		return
	}
	s.struck++
	switch s.timed.Kind {
	case scenarios.KindStorageDown:
		s.world.faults.Strike(&s.timed, storeNode, scenarios.NodeStore)
		if s.world.faults.Struck == nil { // or it is written down already
			s.world.note(history.Fault, storeNode, s.timed.Kind, scenarios.NodeStore)
		}
		s.world.server.Down(now+s.length(scenarios.Span{}), s.timed.Silence)
	case scenarios.KindNodeCrash:
		s.crash()
	case scenarios.KindNodePause:
		s.pause()
	case scenarios.KindNodeStop:
		s.stop()
	}
	if every := s.timed.Every; every.High > 0 {
		s.world.kernel.At(now+max(s.stream.Between(int64(every.Low), int64(every.High)), 1), s)
	}
}

func (s *strike) length(fallback scenarios.Span) int64 {
	span := s.timed.For
	if span.High == 0 {
		span = fallback
	}
	return s.stream.Between(int64(span.Low), int64(span.High))
}

// victim draws a machine; nil when the one that was drawn is dead.
func (s *strike) victim() *life {
	if len(s.timed.Nodes) == 0 {
		return nil
	}
	return s.world.lives[choice.Pick(s.stream, s.timed.Nodes)]
}

func (s *strike) crash() {
	away := s.length(s.world.blueprint.Scenario.Cluster.Restart)
	l := s.victim()
	if l == nil {
		return
	}
	s.world.faults.Strike(&s.timed, l.node, l.machine.Name())
	s.world.crashed(l, away)
	l.machine.Crash()
}

func (s *strike) pause() {
	length := s.length(scenarios.Span{})
	l := s.victim()
	if l == nil || l.machine.Paused() {
		return
	}
	s.world.faults.Strike(&s.timed, l.node, l.machine.Name())
	s.world.note(history.Pause, l.node, s.timed.Kind, "")
	l.machine.Pause(host.Forever)
	l.pauses++
	this := l.pauses
	s.world.kernel.After(time.Duration(length), kernel.Do(func() {
		if l.pauses == this {
			s.world.resume(l)
		}
	}))
}

// resume ends a pause, and writes that down first: what the machine does next comes after it.
func (w *World) resume(l *life) {
	if l.machine.Paused() {
		w.note(history.Resume, l.node, "", "")
		l.machine.Resume()
	}
}

// stop asks a conductor to end, as a deployment does. Its machine goes down when it has, and comes
// back later.
func (s *strike) stop() {
	away := s.length(s.world.blueprint.Scenario.Cluster.Restart)
	l := s.victim()
	if l == nil || l.stopping {
		return
	}
	s.world.faults.Strike(&s.timed, l.node, l.machine.Name())
	l.stopping, l.away = true, away
	l.conductor.Stop()
}

// retired is the end of a conductor that was asked to stop.
func (w *World) retired(l *life) {
	if l.stopping {
		w.crashed(l, l.away)
		l.machine.Crash()
	}
}

// buried is the end of a machine that a task or a failpoint kills: the caller crashes it next.
func (w *World) buried(l *life) {
	span := w.blueprint.Scenario.Cluster.Restart
	away := w.source.Stream("restart", l.machine.Name()).Between(int64(span.Low), int64(span.High))
	w.crashed(l, away)
}

// crashed writes a crash down and sees to the restart.
func (w *World) crashed(l *life, away int64) {
	w.note(history.Crash, l.node, "", "")
	l.client.Close()
	if w.lives[l.node] != l {
		return
	}
	w.lives[l.node] = nil
	if l.node < firstConductor {
		return
	}
	boots := l.machine.Node().Boots()
	w.kernel.After(time.Duration(max(away, 1)), kernel.Do(func() {
		if l.machine.Node().Boots() == boots { // the heal has not been there before
			w.boot(l.node)
		}
	}))
}

// heal ends the breaking phase: what is down comes up, and only what is forever goes on.
func (w *World) heal() {
	w.healed = true
	w.server.Up()
	for node := firstConductor; node < len(w.lives); node++ {
		l := w.lives[node]
		if l == nil {
			w.boot(node)
		} else {
			w.resume(l)
		}
	}
	w.note(history.Heal, storeNode, "", "")
	w.checkRest()
}
