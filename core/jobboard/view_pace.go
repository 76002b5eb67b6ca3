package jobboard

import (
	"context"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// pace is when a view takes news. To take each change at once would cost every conductor of a large
// cluster more than its own jobs do, and would send all of them after every job at the same moment.
type pace struct {
	pause   time.Duration // about how long news are left alone after some were taken; 0: not at all
	hurry   host.Signal   // ends a pause
	pausing bool
	full    bool           // nobody wants a job
	freed   store.Revision // when the latest claim to end was released, or 0
	stale   time.Time      // until then, or until news come, the view is taken for out of date
}

// Heed sets about how long the view leaves news alone after it has taken some, and whether a job is
// wanted. When none was and one is now, the view catches up, and offers none before it has, for at most
// the length of that pause. A view that has heard of the release that made the place free is not behind: it
// would wait for news that nobody has to send.
func (v *View) Heed(pause time.Duration, wanted bool) {
	v.mu.Lock()
	p := &v.pace
	sooner := p.full && wanted && p.pausing && (p.freed == 0 || v.round.seen < p.freed)
	p.pause, p.full = pause, !wanted
	if sooner {
		p.stale = v.board.host.Now().Add(pause)
	}
	v.mu.Unlock()
	if sooner {
		p.hurry.Wake()
	}
}

// breathe leaves news alone for a while: not for the same time in all views.
func (v *View) breathe(ctx context.Context) error {
	v.mu.Lock()
	pause := v.pace.pause
	v.pace.pausing = pause > 0
	v.mu.Unlock()
	if pause <= 0 {
		return nil
	}
	pause = pause/2 + time.Duration(v.board.host.Draw(uint64(pause)))
	_, err := v.pace.hurry.Wait(ctx, pause)
	v.mu.Lock()
	v.pace.pausing = false
	v.mu.Unlock()
	return err
}

// caughtUp notes that news were taken. It reports whether somebody waits for that.
func (p *pace) caughtUp() bool {
	waited := !p.stale.IsZero()
	p.stale = time.Time{}
	return waited
}

// isStale reports whether the view is behind what its conductor knows; a clock that went back says nothing.
func (p *pace) isStale(now time.Time) bool {
	return p.stale.After(now) && p.stale.Sub(now) <= p.pause
}

// maxRivalry bounds how far down from the very first job one is drawn, each step to one of two.
const maxRivalry = 5

// Outrun tells the view that somebody else was faster to claim a job. Who has lost a race goes on with
// one of the first jobs instead of the very first, for which all the others run as well.
func (v *View) Outrun(job *Job, until time.Time) {
	v.Avoid(job, until)
	v.mu.Lock()
	v.rivalry = min(v.rivalry+1, maxRivalry)
	v.mu.Unlock()
}

// drawn is one of about the first ready jobs, of the priority of the very first, which it is where nobody
// is a rival. It goes down the heap, where the next in order are not far.
func (v *View) drawn(first *sighting, now time.Time) *sighting {
	if v.rivalry == 0 {
		return first
	}
	draw := v.board.host.Draw(uint64(v.rivalry+1) << v.rivalry)
	heap, s := v.ready.heap, first
	for at, steps := 0, draw>>v.rivalry; steps > 0; steps-- {
		at = 2*at + 1 + int(draw&1)
		draw >>= 1
		if at >= len(heap) || heap[at].priority != first.priority {
			break
		}
		if next := heap[at]; v.readLedger(next) && !next.rest(now).After(now) {
			s = next
		}
	}
	return s
}
