package checker

import (
	"fmt"
	"maps"
	"slices"

	"derail/checker/history"
)

// tidings are something that a conductor has to tell, and the counter that counts it.
type tidings struct {
	rec     history.Record
	counter string
}

// acknowledge has a conductor tell what came of its operation: mostly at once.
func (w *town) acknowledge(a *actor, done history.Record) {
	n := tidings{rec: history.Record{
		Type: history.Event, Kind: history.Move, Process: a.process, Job: done.Job, Epoch: done.Epoch,
		Subject: history.SubjectJob, From: "CLAIMED",
	}}
	switch done.Kind {
	case history.Claim:
		n.rec.From, n.rec.To, n.counter = "UNCLAIMED", "CLAIMED", "derail_jobs_claimed_total"
	case history.Abandon:
		n.rec.To = "UNCLAIMED"
		n.counter = fmt.Sprintf("derail_jobs_abandoned_total{counted=%q}", fmt.Sprint(done.Counted))
	case history.Consume:
		n.rec.To, n.counter = "COMPLETE", "derail_jobs_consumed_total"
	case history.Trash:
		n.rec.To, n.counter = "TRASHED", fmt.Sprintf("derail_jobs_trashed_total{reason=%q}", done.Reason)
		if done.Epoch == 0 {
			n.rec.From = "UNCLAIMED"
		}
	}
	if a.news = append(a.news, n); w.chance(6) > 0 {
		w.announce(a)
	}
}

// announce tells what a conductor has not told yet.
func (w *town) announce(a *actor) {
	for _, n := range a.news {
		w.say(a, n.rec, n.counter)
	}
	a.news = nil
}

// speak has a conductor tell something of its work.
func (w *town) speak(a *actor, rec history.Record) {
	counter := "derail_claims_lost_total"
	switch {
	case rec.Kind == history.Move:
		counter = fmt.Sprintf("derail_atom_moves_total{to=%q}", rec.To)
	case rec.Kind == history.Save && rec.Type == history.OK:
		counter = `derail_logbook_saves_total{outcome="saved"}`
	case rec.Kind == history.Save && rec.Type == history.Info:
		counter = `derail_logbook_saves_total{outcome="unknown"}`
	case rec.Kind == history.Save:
		counter = fmt.Sprintf("derail_logbook_saves_total{outcome=%q}", rec.Reason)
	case rec.Kind == history.Engine:
		counter = "engines"
	}
	w.say(a, rec, counter)
}

// say writes down what is told, and what those who listen make of it.
func (w *town) say(a *actor, rec history.Record, counter string) {
	w.write(rec)
	if !w.listens {
		return
	}
	a.heard++
	heard := history.Record{
		Type: history.Event, Kind: history.Heard, Process: a.process, Job: rec.Job, Epoch: rec.Epoch, N: a.heard,
	}
	switch {
	case rec.Subject == history.SubjectJob:
		heard.Reason = map[string]string{
			"CLAIMED": "claimed", "UNCLAIMED": "abandoned", "COMPLETE": "consumed", "TRASHED": "trashed",
		}[rec.To]
	case rec.Kind == history.Move:
		heard.Reason = "atom"
	case rec.Kind == history.Save:
		heard.Reason = map[bool]string{true: "saved", false: "unsaved"}[rec.Type == history.OK]
	default:
		heard.Reason = rec.Kind.String()
	}
	w.write(heard)
	if a.counts == nil {
		a.counts = map[string]int32{}
	}
	a.counts[counter]++
	w.counts[counter]++
	if w.chance(80) == 0 {
		w.metrics(a.process, a.counts)
	}
}

// metrics writes counters down.
func (w *town) metrics(process history.ProcessID, counts map[string]int32) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		w.write(history.Record{
			Type: history.Event, Kind: history.Metric, Process: process, Job: history.None, Subject: name,
			N: counts[name],
		})
	}
}

// engine takes the engine of a claim through states.
func (w *town) engine(a *actor, states ...string) {
	for _, to := range states {
		h := a.holds
		from := h.phase
		if from == "" {
			from = "UNDEFINED"
		}
		if h.phase = to; w.listens {
			w.speak(a, history.Record{
				Type: history.Event, Kind: history.Engine, Process: a.process, Job: h.job.id, Epoch: h.epoch,
				From: from, To: to,
			})
		}
	}
}
