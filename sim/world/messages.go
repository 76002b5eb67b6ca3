package world

import (
	"math"

	"derail/checker/history"
	"derail/sim/fault"
	"derail/sim/storage"
)

// message writes down what became of a message between a machine and the store.
func (l *life) message(m storage.Message) {
	w := l.world
	r := history.Record{
		Type: history.Event, Kind: history.Message, Process: history.ProcessID(l.node), Job: history.None,
		N: inMicroseconds(w.kernel.Now() - m.Sent), Subject: m.Op.String(), From: history.MessageStore,
	}
	if m.Way == fault.Requests {
		r.From, r.To = "", history.MessageStore
	}
	if m.News {
		r.Subject = history.MessageNews
	}
	if m.Subject != "" && w.blueprint.work.GroupOf(m.Subject) >= 0 {
		r.Job = w.recorder.Job(m.Subject)
	}
	switch m.Fate {
	case storage.Arrived:
	case storage.Repeated:
		r.Reason = history.MessageRepeated
	case storage.Lost:
		r.Reason = history.MessageLost
	case storage.TooLate:
		r.Reason = history.MessageTooLate
	}
	w.append(r)
}

// inMicroseconds is a time as records count it, at most what they can.
func inMicroseconds(ns int64) int32 { return int32(min(ns/1000, math.MaxInt32)) }
