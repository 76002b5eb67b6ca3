package jobboard

import (
	"context"
	"errors"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// round is what a view remembers of the list that it last took in and the watch that goes on from there.
type round struct {
	seen   store.Revision // the latest of which it has heard
	behind int            // how many lists in a row were older than that
	back   bool           // the store has gone back
	began  time.Time
	more   time.Duration     // by how much it is to last longer than others; negative: not yet drawn
	end    func(cause error) // breaks the watch off
}

// errDue ends a watch that is to be begun anew.
var errDue = errors.New("the board is to be listed anew")

// maxBehind is how many lists in a row may be older than what the view knows before it believes them.
const maxBehind = maxFollowTry

// isBehind reports whether a list is older than what the view has heard already: a replica that lags
// has answered, and another list is wanted. When that goes on, it is the store that went back.
func (v *View) isBehind(at store.Revision) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := &v.round
	older := at < r.seen
	if !older || r.behind >= maxBehind {
		r.behind, r.back = 0, older
		return false
	}
	r.behind++
	return true
}

// rewind prepares for a list. Where the store has forgotten what it said before, all that the view knows
// may be of what never was: it starts from nothing, and claims have to be asked after.
func (v *View) rewind(at store.Revision) {
	if v.round.back {
		v.jobs = index{}
		v.ready.heap, v.resting.heap, v.owned, v.unsorted, v.latest = nil, nil, nil, nil, nil
		v.losses++
	}
	v.round.seen, v.round.back = at, false
}

// sees notes how far a watch has come.
func (r *round) sees(changes []store.Change) {
	if n := len(changes); n > 0 {
		r.seen = max(r.seen, changes[n-1].Pair.Changed)
	}
}

// beginRound returns the context of the watch that goes on from the list that was just taken in.
func (v *View) beginRound(ctx context.Context) (within context.Context, end func(cause error)) {
	within, end = host.WithCancel(ctx)
	now := v.board.host.Now()
	v.mu.Lock()
	v.round.began, v.round.more, v.round.end = now, undrawn, end
	v.mu.Unlock()
	return within, end
}

// Refresh has the board listed anew when it is time to; whoever uses the view calls it now and then. A
// watch that has left something out does not say so: what it left out is found by the next list.
func (v *View) Refresh(now time.Time) {
	v.mu.Lock()
	r, every := &v.round, v.board.relist
	age := now.Sub(r.began)
	due := r.end != nil && every > 0 && (age >= every || age < 0) // or the clock went back
	if due && r.more == undrawn {
		r.more = time.Duration(v.board.host.Draw(uint64(every/4) + 1)) // not all views at once
	}
	due = due && (age >= every+r.more || age < 0)
	v.mu.Unlock()
	if due {
		v.Doubt()
	}
}

const undrawn time.Duration = -1

// Doubt has the board listed anew as soon as can be: something does not fit what the view knows.
func (v *View) Doubt() {
	v.mu.Lock()
	end := v.round.end
	v.round.end = nil
	v.mu.Unlock()
	if end != nil {
		end(errDue)
	}
}
