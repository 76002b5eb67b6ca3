package world

import (
	"fmt"
	"math"
	"strings"

	client "github.com/prometheus/client_golang/prometheus"

	"derail/checker/history"
	"derail/core/event"
	"derail/core/event/prometheus"
)

// listeners reports whether what listeners hear is written down.
func (b *Blueprint) listeners() bool {
	return b.Scenario.Observe != nil && b.Scenario.Observe.Listeners
}

// listener is who listens to the conductor of a machine.
func (l *life) listener() event.Listener {
	if !l.world.blueprint.listeners() {
		return &l.ears
	}
	return event.Listeners{&l.ears, &second{life: l}, l.world.metrics}
}

// second is a listener that is told what the ears are told, and writes down that it was.
type second struct {
	life *life
	told int32
}

// heardAs is what histories call the events of which they have a record.
var heardAs = [...]string{
	event.JobClaimed: "claimed", event.JobConsumed: "consumed", event.JobAbandoned: "abandoned",
	event.JobTrashed: "trashed", event.ClaimLost: "lost", event.LogbookSaved: "saved",
	event.LogbookUnsaved: "unsaved", event.FlowMoved: "flow", event.AtomMoved: "atom",
	event.RetryMoved: "retry", event.EngineMoved: "engine",
}

// Hear implements event.Listener.
func (s *second) Hear(e *event.Event) {
	if int(e.Kind) >= len(heardAs) || heardAs[e.Kind] == "" {
		return
	}
	s.told++
	w := s.life.world
	w.append(history.Record{
		Type: history.Event, Kind: history.Heard, Process: history.ProcessID(s.life.node),
		Job: w.recorder.Job(e.Job), Epoch: e.Epoch, Reason: heardAs[e.Kind], N: s.told,
	})
}

// prepareMetrics makes the metrics of a run.
func (w *World) prepareMetrics() {
	w.registry, w.metrics = nil, nil
	if w.blueprint.listeners() {
		w.registry = client.NewRegistry()
		w.metrics = prometheus.New(w.registry)
	}
}

// readMetrics writes down what the counters say in the end, in the order of their names.
func (w *World) readMetrics() {
	if w.registry == nil {
		return
	}
	families, err := w.registry.Gather()
	if err != nil {
		w.fail(fmt.Errorf("the metrics cannot be read: %w", err))
		return
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			counter := m.GetCounter()
			if counter == nil {
				continue
			}
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			w.append(history.Record{
				Type: history.Event, Kind: history.Metric, Process: history.None, Job: history.None,
				Subject: named(f.GetName(), labels), N: int32(min(counter.GetValue(), math.MaxInt32)),
			})
		}
	}
}

// named is the name of a counter with its labels, as Prometheus writes it.
func named(name string, labels []string) string {
	if len(labels) == 0 {
		return name
	}
	return name + "{" + strings.Join(labels, ",") + "}"
}
