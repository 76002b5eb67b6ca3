// Package prometheus turns events into metrics. A [Metrics] is an event.Listener; it keeps all of its
// metrics in the registry that it is given, and no label ever holds the id of a job.
//
//	metric                               type       labels   what it counts or measures
//	-----------------------------------  ---------  -------  -----------------------------------------
//	derail_conductors_running            gauge               conductors whose loop runs
//	derail_sessions_lost_total           counter             sessions that ended before they were closed
//	derail_jobs_claimed_total            counter             claims made, adopted ones included
//	derail_jobs_consumed_total           counter             jobs finished, for better or worse
//	derail_jobs_abandoned_total          counter    counted  jobs given back; true: an attempt used up
//	derail_jobs_trashed_total            counter    reason   jobs put into the trash
//	derail_claims_lost_total             counter             claims that ended before the job did
//	derail_releases_unsettled_total      counter             releases without a definite answer, so far
//	derail_job_attempts                  histogram  end      attempts of jobs when they are finished
//	derail_claim_duration_seconds        histogram  end      from the claim to its release
//	derail_stage_duration_seconds        histogram  stage    stages of an engine that did not fail
//	derail_claims_forgotten_total        counter             claims too many to be timed
//	derail_logbook_saves_total           counter    outcome  writes of engines to the logbook
//	derail_atom_moves_total              counter    to       moves of tasks, by the state after it
//	derail_retry_moves_total             counter    to       moves of retries, by the state after it
//	derail_atom_progress_total           counter             times that a task told how far it is
//	derail_failpoints_fired_total        counter    point    failpoints that fired
//	derail_records_damaged_total         counter             times that a stored record could not be read
//
// The values of the labels are fixed: counted is true or false; reason is exhausted, undispatchable,
// unreadable, operator or other; end is consumed, abandoned or trashed; stage is compile, prepare,
// validate, run or other; outcome is saved, fenced, changed, refused or unknown; to is a state of a task or
// a retry, or other; point is the name of a failpoint that is linked into the program, or other.
//
// What may not live here: anything that core decides by, and the server that publishes the metrics.
package prometheus

import (
	"github.com/prometheus/client_golang/prometheus"

	"derail/core/event"
	"derail/core/failpoints"
	"derail/core/state"
)

// Metrics counts and measures what it hears. Any number of processes may tell it events at once.
type Metrics struct {
	running   prometheus.Gauge
	plain     [event.EngineMoved + 1]prometheus.Counter // the kinds that need one counter only
	counted   prometheus.Counter
	uncounted prometheus.Counter

	trashed    children
	saves      children
	moves      children
	retries    children
	failpoints children

	claims claims
}

// children are the metrics of one label's values, resolved once: looking one up in the library costs
// more than ten times as much as counting.
type children struct {
	known map[string]prometheus.Counter
	other prometheus.Counter // nil where the values are certainly all known
}

func (c *children) inc(value string) {
	if counter, ok := c.known[value]; ok {
		counter.Inc()
	} else if c.other != nil {
		c.other.Inc()
	}
}

const other = "other"

// New makes the metrics and registers them. Like every registration of a metric it panics when the
// names are taken: a registry has room for one Metrics.
func New(registerer prometheus.Registerer) *Metrics {
	f := factory{registerer}
	m := &Metrics{
		running: f.gauge("conductors_running", "Conductors whose loop runs."),
		trashed: f.children("jobs_trashed_total", "Jobs put into the trash.", "reason",
			"exhausted", "undispatchable", "unreadable", "operator", other),
		saves: f.children("logbook_saves_total", "Writes of engines to the logbook.", "outcome",
			saved, "fenced", "changed", "refused", "unknown"),
		moves: f.children("atom_moves_total", "Moves of tasks, by the state after it.", "to",
			append(atomStates(), other)...),
		retries: f.children("retry_moves_total", "Moves of retries, by the state after it.", "to",
			append(atomStates(), other)...),
		failpoints: f.children("failpoints_fired_total", "Failpoints that fired.", "point",
			append(pointNames(), other)...),
	}
	m.plain[event.SessionLost] = f.counter("sessions_lost_total", "Sessions that ended before they were closed.")
	m.plain[event.JobClaimed] = f.counter("jobs_claimed_total", "Claims made, adopted ones included.")
	m.plain[event.JobConsumed] = f.counter("jobs_consumed_total", "Jobs finished, for better or worse.")
	m.plain[event.ClaimLost] = f.counter("claims_lost_total", "Claims that ended before the job did.")
	m.plain[event.ReleaseUnsettled] = f.counter("releases_unsettled_total",
		"Releases without a definite answer, so far.")
	m.plain[event.AtomProgress] = f.counter("atom_progress_total", "Times that a task told how far it is.")
	m.plain[event.RecordDamaged] = f.counter("records_damaged_total",
		"Times that a stored record could not be read.")
	abandoned := f.children("jobs_abandoned_total", "Jobs given back; true: an attempt used up.", "counted",
		"true", "false")
	m.counted, m.uncounted = abandoned.known["true"], abandoned.known["false"]
	m.claims.register(f)
	return m
}

const saved = "saved"

func atomStates() []string {
	var names []string
	for _, s := range []state.State{
		state.Pending, state.Running, state.Success, state.Failure, state.Reverting, state.Reverted,
		state.RevertFailure, state.Retrying, state.Ignore,
	} {
		names = append(names, string(s))
	}
	return names
}

func pointNames() []string {
	var names []string
	for _, p := range failpoints.All() {
		names = append(names, p.Name)
	}
	return names
}

// Hear counts the event.
func (m *Metrics) Hear(e *event.Event) {
	if int(e.Kind) < len(m.plain) && m.plain[e.Kind] != nil {
		m.plain[e.Kind].Inc()
	}
	switch e.Kind {
	case event.ConductorStarted:
		m.running.Inc()
	case event.ConductorStopped:
		m.running.Dec()
	case event.JobClaimed:
		m.claims.began(e)
	case event.JobConsumed:
		m.claims.ended(e, consumed)
	case event.JobAbandoned:
		if e.Counted {
			m.counted.Inc()
		} else {
			m.uncounted.Inc()
		}
		m.claims.ended(e, abandoned)
	case event.JobTrashed:
		m.trashed.inc(e.Reason)
		m.claims.ended(e, trashed)
	case event.ClaimLost:
		m.claims.lost(e)
	case event.StageBegan:
		m.claims.stageBegan(e)
	case event.StageEnded:
		m.claims.stageEnded(e)
	case event.AtomMoved:
		m.moves.inc(string(e.To))
	case event.RetryMoved:
		m.retries.inc(string(e.To))
	case event.LogbookSaved:
		m.saves.inc(saved)
	case event.LogbookUnsaved:
		m.saves.inc(e.Reason)
	case event.FailpointFired:
		m.failpoints.inc(e.Reason)
	}
}
