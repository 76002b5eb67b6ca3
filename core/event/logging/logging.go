// Package logging writes events to a log. A [Log] is an event.Listener over a handler of log/slog:
//
//	logging.New(slog.NewJSONHandler(os.Stderr, nil), nil)
//
// A record's message is the event's kind, its time the event's own: a simulated run logs in virtual
// time, and nothing here reads a clock. Attributes that are empty are left out. How much is said is
// the handler's level; what is said at which level is [Level], unless the Log was given another
// function; which events are considered at all is event.Only.
//
// What may not live here: formats (a slog.Handler is one), and secrets (an event holds no arguments
// and no results of tasks, but a failure's text is whatever the task put into it).
package logging

import (
	"context"
	"log/slog"

	"derail/core/event"
	"derail/core/state"
)

// Log is a listener that logs. Any number of processes may tell it events at once, as its handler may
// be used by any number.
type Log struct {
	handler slog.Handler
	level   func(e *event.Event) slog.Level
}

// New makes a listener that logs to h. The level of an event is what level says; nil stands for
// [Level]. A handler that fails is not asked twice: there is nobody to tell.
func New(h slog.Handler, level func(e *event.Event) slog.Level) *Log {
	if h == nil {
		panic("logging: there is no handler") // as a listener its panic would be swallowed with the event
	}
	if level == nil {
		level = Level
	}
	return &Log{handler: h, level: level}
}

// Level is the usual level of an event: debug for every step of the work, info for what becomes of
// jobs and conductors, warn for failures and for what should not happen often.
func Level(e *event.Event) slog.Level {
	switch e.Kind {
	case event.JobTrashed, event.ClaimLost, event.ReleaseUnsettled, event.SessionLost,
		event.LogbookUnsaved, event.FailpointFired, event.RecordDamaged:
		return slog.LevelWarn
	case event.FlowMoved, event.AtomMoved, event.RetryMoved:
		if e.To == state.Failure || e.To == state.RevertFailure {
			return slog.LevelWarn
		}
		return slog.LevelDebug
	case event.StageBegan, event.StageEnded, event.LogbookSaved, event.AtomProgress,
		event.EngineMoved:
		return slog.LevelDebug
	}
	if e.Failure != nil {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// Hear logs the event, if the handler wants its level. Then only is anything allocated.
func (l *Log) Hear(e *event.Event) {
	level := l.level(e)
	if !l.handler.Enabled(context.Background(), level) {
		return
	}
	r := slog.NewRecord(e.At, level, e.Kind.String(), 0)
	r.AddAttrs(attrs(e)...)
	_ = l.handler.Handle(context.Background(), r)
}

func attrs(e *event.Event) []slog.Attr {
	all := make([]slog.Attr, 0, 10)
	text := func(key, value string) {
		if value != "" {
			all = append(all, slog.String(key, value))
		}
	}
	number := func(key string, value int64, always bool) {
		if value != 0 || always {
			all = append(all, slog.Int64(key, value))
		}
	}
	text("conductor", e.Conductor)
	text("job", e.Job)
	number("epoch", e.Epoch, false)
	number("attempt", int64(e.Attempt), e.Kind == event.JobAbandoned)
	if e.Kind == event.JobAbandoned {
		all = append(all, slog.Bool("counted", e.Counted))
	}
	text("flow", e.Flow)
	text("atom", e.Atom)
	text("from", string(e.From))
	text("to", string(e.To))
	number("finished", int64(e.Count), e.Kind == event.LogbookSaved)
	number("done", int64(e.Count), e.Kind == event.AtomProgress)
	number("revision", e.Revision, false)
	if e.Kind == event.AtomProgress {
		text("note", e.Reason)
	} else {
		text("reason", e.Reason)
	}
	if e.Failure != nil {
		all = append(all, slog.Any("failure", e.Failure))
	}
	return all
}
