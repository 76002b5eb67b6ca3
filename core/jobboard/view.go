package jobboard

import (
	"context"
	"sync"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// View is a conductor's picture of the board: a list, kept up to date by a watch. It can be behind
// the board; a claim by a stale picture is refused by its comparisons.
//
// One process follows the board ([View.Follow]) while others of the same machine ask. The methods
// do not block, and what they return is a copy. What the conductor itself has just done, it tells
// the view at once ([View.Claimed], [View.Released], [View.Dropped]): the watch brings that later.
type View struct {
	board   *Board
	changed host.Signal
	mine    store.LeaseID
	owner   string // whose session it is

	mu       sync.Mutex
	jobs     index
	ready    queue       // may be claimed, as far as is known, by order of claiming
	resting  queue       // may be claimed later, by when
	unsorted []*sighting // may belong into one of the two
	latest   *sighting   // of which it has heard last, or nil
	spare    *sighting   // those of jobs that are gone
	blank    *file       // the same of files
	owned    []*sighting // claimed under the session's lease
	losses   uint64      // how many claims of the session have been seen to end
	stirred  bool        // the latest news may call for action
	lists    uint32      // how often the board has been listed
	round    round       // the present list and watch
	clock    clock       // when what is being taken in was heard of
	trouble  trouble     // records that cannot be read
	pace     pace        // when news are taken
	rivalry  uint8       // how many races for a job were lost that no claim has made up for
}

// NewView makes a view for a session. changed is woken when there may be something to do: a job that
// may be claimed, or a claim of the session that has come or gone.
func (b *Board) NewView(s *Session, changed host.Signal) *View {
	return &View{
		board: b, changed: changed, mine: s.lease, owner: s.entity.Name,
		pace:    pace{hurry: b.host.NewSignal()},
		ready:   queue{before: claimedFirst},
		resting: queue{before: awakeFirst},
	}
}

func claimedFirst(a, b *sighting) bool { return a.before(b) }

func awakeFirst(a, b *sighting) bool {
	if x, y := a.file.wakes, b.file.wakes; !x.Equal(y) {
		return x.Before(y)
	}
	return a.before(b)
}

// maxFollowTry bounds the pause between two lists.
const maxFollowTry = 6

// Follow keeps the view up to date until ctx ends; it is a process of its own.
func (v *View) Follow(ctx context.Context) {
	for try := 0; ctx.Err() == nil; {
		if try > 0 && v.board.pauseBefore(ctx, try) != nil {
			return
		}
		if v.follow(ctx) {
			try = 0
		}
		try = min(try+1, maxFollowTry)
	}
}

// follow lists and then watches until the watch breaks. It reports whether the watch told anything.
func (v *View) follow(ctx context.Context) (told bool) {
	if beforeList.At(ctx) != nil {
		return false
	}
	snap, err := v.board.store.Range(ctx, boardPrefix)
	if err != nil || v.isBehind(snap.Revision) {
		return false
	}
	v.replace(snap)
	if beforeWatch.At(ctx) != nil {
		return false
	}
	w, err := v.board.store.Watch(ctx, boardPrefix, snap.Revision)
	if err != nil {
		return false
	}
	defer w.Close()
	within, end := v.beginRound(ctx)
	defer end(nil)
	for {
		changes, err := w.Next(within)
		if err != nil {
			return told || within.Err() != nil
		}
		told = true
		v.take(changes)
		if v.breathe(within) != nil {
			return true
		}
	}
}

// maxUnsorted is how many jobs more than it knows of a view leaves unsorted: they have come and gone.
const maxUnsorted = 256

// take takes in what a watch has told.
func (v *View) take(changes []store.Change) {
	v.mu.Lock()
	v.stirred = v.pace.caughtUp()
	v.round.sees(changes)
	v.clock.hears(v.board.host.Now(), true)
	for i := range changes {
		v.apply(&changes[i].Pair, changes[i].Deleted)
	}
	if len(v.unsorted) > maxUnsorted+v.jobs.count {
		v.sort()
	}
	stirred := v.stirred || !v.pace.full && v.hopes()
	v.mu.Unlock()
	if stirred {
		v.changed.Wake()
	}
}

// Next returns the job that is to be claimed next: of those that are unclaimed and may be claimed
// now, the first in order. When there is none it returns when the next one may be, or the zero
// time when only news can tell.
func (v *View) Next(now time.Time) (job *Job, soonest time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.goBack(now)
	if v.pace.isStale(now) {
		return nil, v.pace.stale
	}
	v.sort()
	for s := v.resting.first(); s != nil && !s.file.wakes.After(now); s = v.resting.first() {
		v.queueUp(s, &v.ready)
	}
	for s := v.ready.first(); s != nil; s = v.ready.first() {
		if !v.readLedger(s) {
			v.ready.remove(s)
			v.suspectLedger(s)
			continue
		}
		if s.file.wakes = s.rest(now); s.file.wakes.After(now) {
			v.queueUp(s, &v.resting)
			continue
		}
		return v.jobOf(v.drawn(s, now)), time.Time{}
	}
	if s := v.resting.first(); s != nil {
		return nil, s.file.wakes
	}
	return nil, time.Time{}
}

// Avoid passes a job over until then, or until there is news of it: an attempt to claim it has just
// failed, or would.
func (v *View) Avoid(job *Job, until time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s := v.jobs.find(job.ID); s != nil {
		f := v.open(s)
		f.avoid, f.until = job.ledgerAt, until
	}
}

// Claimed tells the view of a claim that was just made or adopted, which the watch has yet to bring.
func (v *View) Claimed(c *Claim) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rivalry -= min(v.rivalry, 1)
	if s := v.jobs.find(c.Job.ID); s != nil && s.floor < c.at {
		v.applyClaim(s, &store.Pair{Changed: c.at, Lease: v.mine}, false)
		s.ledgerAt, s.ledger = c.at, nil
		s.file.ledger, s.file.holder = c.Job.Ledger, c.Job.Holder
	}
}

// Released tells the view that a claim has just been released, so that it is not taken for an
// orphan, and the job not for one to be claimed, before the watch brings the news.
func (v *View) Released(c *Claim) { v.forget(c, true) }

// Dropped tells the view that a claim has been found to be over, for whatever reason.
func (v *View) Dropped(c *Claim) { v.forget(c, false) }

func (v *View) forget(c *Claim, released bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pace.freed = c.released
	s := v.jobs.find(c.Job.ID)
	if s == nil || s.floor > c.at {
		return // the news is here already
	}
	if released {
		s.outdated = c.at // the release has changed the ledger, or has taken it away
	}
	v.disown(s)
	v.applyClaim(s, &store.Pair{Changed: c.at + 1}, true)
}

// Holds reports whether, as far as the view knows, the claim is still there. It is false only when
// the claim certainly has ended.
func (v *View) Holds(c *Claim) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.jobs.find(c.Job.ID)
	if s == nil {
		return false // the job is gone
	}
	return s.floor < c.at || s.claimAt == c.at // older news says nothing
}

// Losses counts the claims of the session that have been seen to end without the view having been
// told before. While it stays the same, no claim has to be asked after.
func (v *View) Losses() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.losses
}

// Orphan returns a job that is claimed under this session although busy says that nobody works on
// it, or nil: a claim whose making got no answer. busy must not call the view.
func (v *View) Orphan(busy func(id string) bool) *Job {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range v.owned {
		if s.present && s.ledgerAt == s.claimAt && !busy(s.id) &&
			v.readPosting(s) && v.readOwn(s) {
			return v.jobOf(s)
		}
	}
	return nil
}
