package prometheus

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"derail/core/event"
)

// The ends of a claim that are measured, and the stages of an engine, by the index of their child.
const (
	consumed = iota
	abandoned
	trashed
)

var stages = []string{"compile", "prepare", "validate", "run", other}

var (
	attemptBuckets = []float64{1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100}
	claimBuckets   = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400}
	stageBuckets   = []float64{.0001, .001, .005, .01, .025, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}
)

// maxClaims is how many claims are timed at once. A conductor has a few at a time; one that was lost
// without anybody hearing of it must not stay for ever.
const maxClaims = 4096

// claims times claims and their stages, by the clock of whoever tells the events.
type claims struct {
	attempts  []prometheus.Observer // by end; nil for abandoned: the job is not finished
	durations []prometheus.Observer // by end
	stages    []prometheus.Observer // by the place among stages
	forgotten prometheus.Counter

	mu    sync.Mutex
	known map[claimKey]*list.Element
	order list.List // of *claim, oldest first
}

type claimKey struct {
	job   string
	epoch int64
}

type claim struct {
	key     claimKey
	since   time.Time
	attempt int32
	stage   time.Time // when the stage that runs began
}

func keyOf(e *event.Event) claimKey { return claimKey{e.Job, e.Epoch} }

func (c *claims) register(f factory) {
	finished := f.histograms("job_attempts", "Attempts of jobs when they are finished.", "end",
		attemptBuckets, "consumed", "trashed")
	c.attempts = []prometheus.Observer{consumed: finished[0], abandoned: nil, trashed: finished[1]}
	c.durations = f.histograms("claim_duration_seconds", "From the claim to its release.", "end",
		claimBuckets, "consumed", "abandoned", "trashed")
	c.stages = f.histograms("stage_duration_seconds", "Stages of an engine that did not fail.", "stage",
		stageBuckets, stages...)
	c.forgotten = f.counter("claims_forgotten_total", "Claims too many to be timed.")
	c.known = map[claimKey]*list.Element{}
}

func (c *claims) began(e *event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(keyOf(e))
	if len(c.known) == maxClaims {
		c.remove(c.order.Front().Value.(*claim).key)
		c.forgotten.Inc()
	}
	c.known[keyOf(e)] = c.order.PushBack(&claim{key: keyOf(e), since: e.At, attempt: e.Attempt})
}

func (c *claims) ended(e *event.Event, end int) {
	c.mu.Lock()
	one := c.remove(keyOf(e))
	c.mu.Unlock()
	attempt := e.Attempt
	if one != nil {
		c.durations[end].Observe(since(one.since, e.At))
		attempt = max(attempt, one.attempt)
	}
	if c.attempts[end] != nil && attempt > 0 {
		c.attempts[end].Observe(float64(attempt))
	}
}

func (c *claims) lost(e *event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(keyOf(e))
}

// remove takes the claim out, and returns it if it was there.
func (c *claims) remove(key claimKey) *claim {
	at, ok := c.known[key]
	if !ok {
		return nil
	}
	delete(c.known, key)
	return c.order.Remove(at).(*claim)
}

func (c *claims) stageBegan(e *event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.known[keyOf(e)]; ok {
		at.Value.(*claim).stage = e.At
	}
}

func (c *claims) stageEnded(e *event.Event) {
	c.mu.Lock()
	var began time.Time
	if at, ok := c.known[keyOf(e)]; ok {
		began = at.Value.(*claim).stage
		at.Value.(*claim).stage = time.Time{}
	}
	c.mu.Unlock()
	if began.IsZero() {
		return
	}
	stage := slices.Index(stages, e.Reason)
	if stage < 0 {
		stage = len(stages) - 1
	}
	c.stages[stage].Observe(since(began, e.At))
}

// since is never negative: the clock that both times were read from may have been set back.
func since(from, to time.Time) float64 { return max(0, to.Sub(from).Seconds()) }
