package conductor

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
)

// TestWhatIsLeftOutHasADefault: those that the documentation of Config names.
func TestWhatIsLeftOutHasADefault(t *testing.T) {
	inPlant(t, func(p *plant) {
		c := p.conductor("a", func(c *Config) { c.Lease, c.Idle = 0, 0 }).config
		if c.MaxJobs != 1 || c.Lease != 30*time.Second || c.Idle != 500*time.Millisecond || c.Grace != c.Lease {
			p.Errorf("%d jobs, lease %v, idle %v, grace %v", c.MaxJobs, c.Lease, c.Idle, c.Grace)
		}
		c = p.conductor("a", func(c *Config) { c.MaxJobs, c.Lease, c.Idle, c.Grace = -1, 1, 2, 3 }).config
		if c.MaxJobs != -1 || c.Lease != 1 || c.Idle != 2 || c.Grace != 3 {
			p.Errorf("%d jobs, lease %v, idle %v, grace %v", c.MaxJobs, c.Lease, c.Idle, c.Grace)
		}
	})
}

// TestPausesBetweenRegistrations: the first is short, for what passes at once, each is twice as long as the
// one before, and none is longer than five seconds, so that the end of an outage is found out soon.
func TestPausesBetweenRegistrations(t *testing.T) {
	inPlant(t, func(p *plant) {
		began := time.Now()
		var tries []time.Duration
		p.store.set(func(f *faulty) {
			f.read = func(string) error {
				tries = append(tries, time.Since(began))
				return errDown
			}
		})
		w := p.employ("a", nil)
		time.Sleep(22 * time.Second)
		p.store.heal()
		want := []time.Duration{
			0, 200, 600, 1400, 3000, 6200, 11200, 16200, 21200, // in milliseconds
		}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if !slices.Equal(tries, want) {
			p.Errorf("it tried after %v", tries)
		}
		w.leave()
	})
}

// TestPausesBetweenReleases: the same for a job that cannot be released.
func TestPausesBetweenReleases(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		p.store.failCommits("consume", refuse, -1)
		began := time.Now()
		w := p.employ("a", nil)
		time.Sleep(22 * time.Second)
		p.store.heal()
		var pauses []time.Duration
		last := began
		for _, e := range p.heard("j", event.ReleaseUnsettled) {
			pauses = append(pauses, e.At.Sub(last).Round(100*time.Millisecond))
			last = e.At
		}
		// A release is itself some tries, which take 50 and 100 milliseconds.
		want := []time.Duration{200, 400, 600, 1000, 1800, 3400, 5200, 5200}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if !slices.Equal(pauses, want) {
			p.Errorf("it tried after pauses of %v", pauses)
		}
		w.leave()
		p.expect("j", "consumed")
	})
}

// TestWaitWithoutPatience: a wait of no time at all is a question, and is answered at once.
func TestWaitWithoutPatience(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", nil)
		began := time.Now()
		within, end := context.WithTimeout(p.ctx, time.Minute)
		defer end()
		if w.Wait(within, 0) || time.Since(began) != 0 {
			p.Errorf("after %v: it does not run any more", time.Since(began))
		}
		w.leave()
		if !w.Wait(p.ctx, 0) {
			p.Error("it runs still")
		}
	})
}

// TestBackoffUpToItsBound: a rest is cut off where it would pass the bound, not before.
func TestBackoffUpToItsBound(t *testing.T) {
	for _, c := range []struct {
		backoff  Backoff
		attempts int
		want     time.Duration
	}{
		{Backoff{First: 3, Max: 7}, 2, 6}, // twice three is within seven
		{Backoff{First: 3, Max: 7}, 3, 7},
		{Backoff{First: 3, Max: 6}, 2, 6},
		{Backoff{First: 3, Max: 6}, 3, 6},
		{Backoff{First: 3, Max: 2}, 1, 2},
		{Backoff{First: 3, Factor: 1, Max: 7}, 90, 3},
		{Backoff{First: longestRest}, 1, longestRest},
		{Backoff{First: longestRest / 2}, 2, longestRest},
		{Backoff{First: longestRest/2 + 1}, 2, longestRest},
		{Backoff{First: 1, Max: longestRest + 1}, 100, longestRest},
	} {
		if got := c.backoff.Rest(c.attempts); got != c.want {
			t.Errorf("%+v after %d attempts: %v, want %v", c.backoff, c.attempts, got, c.want)
		}
	}
}

// counted is a library that counts how often a flow detail is opened.
type counted struct {
	*logbook.Library
	opened atomic.Int64
}

func (c *counted) Open(ctx context.Context, flowID, subject string, epoch int64) (*logbook.Writer, error) {
	c.opened.Add(1)
	return c.Library.Open(ctx, flowID, subject, epoch)
}

// TestLogbookIsOpenedOnce for each run of a job: to open it is a write, and a read of all that is there.
func TestLogbookIsOpenedOnce(t *testing.T) {
	inPlant(t, func(p *plant) {
		books := &counted{Library: p.books}
		for i := range 5 {
			p.post(fmt.Sprint("j", i), "ok")
		}
		w := p.employ("a", func(c *Config) { c.Books = books })
		time.Sleep(time.Second)
		if n := books.opened.Load(); n != 5 || p.count("", event.JobConsumed) != 5 {
			p.Errorf("opened %d times for %d jobs", n, p.count("", event.JobConsumed))
		}
		w.leave()
	})
}

// overheard is a store that counts how often somebody takes news.
type overheard struct {
	store.Store
	taken atomic.Int64
}

func (o *overheard) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	w, err := o.Store.Watch(ctx, prefix, since)
	return listened{w, &o.taken}, err
}

type listened struct {
	store.Watcher
	taken *atomic.Int64
}

func (l listened) Next(ctx context.Context) ([]store.Change, error) {
	changes, err := l.Watcher.Next(ctx)
	l.taken.Add(1)
	return changes, err
}

// TestNewsAreTakenSeldom by a conductor that has no place for a job and whose renewals are in time: about
// twice in Idle, however much happens on the board. One that has a place takes them some ten times.
func TestNewsAreTakenSeldom(t *testing.T) {
	for _, c := range []struct {
		places   int
		min, max int64
	}{{1, 15, 30}, {2, 70, 140}} {
		inPlant(t, func(p *plant) {
			o := &overheard{Store: p.store.Store}
			p.store.Store = o
			p.factory("long", p.task("t", deaf(30*time.Second)))
			p.post("j", "long")
			w := p.employ("a", func(config *Config) { config.MaxJobs = c.places })
			time.Sleep(2 * time.Second)
			o.taken.Store(0)
			for range 1000 { // of which none is to be had
				p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Put(jobboard.PostingPrefix+"x", nil)}})
				time.Sleep(10 * time.Millisecond)
			}
			if n := o.taken.Load(); n < c.min || n > c.max {
				p.Errorf("news were taken %d times in ten seconds", n)
			}
			time.Sleep(time.Minute)
			w.leave()
		})
	}
}
