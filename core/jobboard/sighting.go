package jobboard

import (
	"slices"
	"strings"
	"time"

	"derail/core/record"
	"derail/core/state"
	"derail/core/store"
)

// sighting is what a view knows of one job. Its records are decoded when somebody asks: of most jobs a
// view hears that they come and that they go, and nobody ever asks.
//
// What most changes touch comes first, within a line of the processor's cache: hundreds of conductors
// hear of each job, and the views of most of them are in no cache when they do.
type sighting struct {
	present bool   // its posting is on the board
	read    bool   // and is decoded
	waits   bool   // it is in View.unsorted
	gone    bool   // the view knows it no longer, and it waits there for its next use
	own     int32  // its place in View.owned, from 1; 0: it is not there
	in      *queue // the queue that it is in, or nil
	job     Job

	posting []byte
	ledger  []byte
	holder  []byte

	floor    store.Revision // news of the claim older than this is out of date
	outdated store.Revision // a ledger of this revision or an older one is out of date
	avoid    store.Revision // a job with a ledger of this revision is passed over until
	until    time.Time

	place int       // in the queue
	wakes time.Time // while it rests
	heard time.Time // when the view heard of the ledger
	fresh bool      // by a watch, so that it was new

	listed uint32  // the number of the latest list that held any record of it
	parts  [3]bool // which records that list held: claim, posting, ledger

	next *sighting // of those that are to be used again
}

// claimable reports whether the job may be claimed, now or later, as far as is known.
func (s *sighting) claimable() bool {
	return s.present && s.job.claimAt == 0 && s.job.ledgerAt > s.outdated
}

// readPosting decodes the posting. A damaged one is none.
func (v *View) readPosting(s *sighting) bool {
	if s.read {
		return true
	}
	posting, err := decodePosting(s.posting, s.job.ID)
	if err != nil {
		v.suspect(s.job.ID, record.At(postingPrefix+s.job.ID, postingWhat, err))
		s.present, s.job.created, s.posting = false, 0, nil
		return false
	}
	s.posting, s.job.Posting, s.read = nil, posting, true
	return true
}

// readLedger decodes the ledger. A damaged one cannot be claimed.
func (s *sighting) readLedger() bool {
	if s.ledger == nil {
		return true
	}
	ledger, err := decodeLedger(s.ledger)
	if err != nil {
		return false
	}
	s.ledger, s.job.Ledger = nil, ledger
	return true
}

func (s *sighting) readHolder() bool {
	if s.holder == nil {
		return true
	}
	holder, err := decodeHolder(s.holder)
	if err != nil {
		return false
	}
	s.holder, s.job.Holder = nil, holder
	return true
}

// rest is until when the job rests, or the zero time.
func (s *sighting) rest(now time.Time) time.Time {
	until := s.job.NotBefore
	if s.job.Rest > 0 {
		until = s.believed(now)
	}
	if s.avoid == s.job.ledgerAt && s.until.After(until) {
		return s.until
	}
	return until
}

// queueUp moves a job to a queue.
func (v *View) queueUp(s *sighting, to *queue) {
	if s.in != nil {
		s.in.remove(s)
	}
	to.add(s)
}

// settle puts a job where it belongs after news of it. Which queue that is is found out when the view is
// asked for a job: to know, the records must be decoded.
func (v *View) settle(s *sighting) {
	if !s.claimable() {
		if s.in != nil {
			s.in.remove(s)
		}
		return
	}
	if s.in != nil {
		v.stirred = true
	}
	if s.in == &v.resting { // it may rest no more
		v.queueUp(s, &v.ready)
	} else if s.in == nil && !s.waits {
		s.waits = true
		v.unsorted = append(v.unsorted, s)
	}
}

// hopes reports whether there may be a job among the unsorted. Most that are there by the end of some
// news have found their conductor within the same news.
func (v *View) hopes() bool {
	return slices.ContainsFunc(v.unsorted, (*sighting).claimable)
}

// sort queues up the jobs that can be claimed and are in no queue yet.
func (v *View) sort() {
	for i, s := range v.unsorted {
		v.unsorted[i], s.waits = nil, false
		switch {
		case s.gone:
			v.recycle(s)
		case s.claimable() && s.in == nil && v.readPosting(s):
			v.ready.add(s)
		}
	}
	v.unsorted = v.unsorted[:0]
}

// meet is the sighting of a job that the view has not known.
func (v *View) meet(id string) *sighting {
	s := v.spare
	if s == nil {
		s = new(sighting)
	} else {
		v.spare = s.next
	}
	*s = sighting{job: Job{Posting: Posting{ID: id}, State: state.Unclaimed}}
	v.jobs[id] = s
	return s
}

// recycle keeps the sighting of a job that is gone for another one.
func (v *View) recycle(s *sighting) {
	*s = sighting{next: v.spare}
	v.spare = s
}

// replace takes in a whole list: what it does not hold is gone.
func (v *View) replace(snap store.Snapshot) {
	v.mu.Lock()
	v.rewind(snap.Revision)
	v.clock.hears(v.board.host.Now(), false)
	v.trouble.begin()
	v.lists++
	for i := range snap.Pairs {
		if s := v.apply(&snap.Pairs[i], false); s != nil {
			s.list(snap.Pairs[i].Key, v.lists)
		}
	}
	var behind []*sighting
	for _, s := range v.jobs { //detlint:allow maporder sorted below by id
		if s.list("", v.lists); s.parts != s.known() || s.parts[1] != s.parts[2] {
			behind = append(behind, s)
		}
	}
	slices.SortFunc(behind, func(a, b *sighting) int { return strings.Compare(a.job.ID, b.job.ID) })
	for _, s := range behind {
		if s.parts[1] != s.parts[2] {
			v.suspect(s.job.ID, errHalf)
		}
		for i, key := range s.keys() {
			if s.known()[i] && !s.parts[i] {
				v.apply(&store.Pair{Key: key, Changed: snap.Revision}, true)
			}
		}
	}
	v.mu.Unlock()
	v.changed.Wake()
}

// keys are those of the job's three records; known says which of them the view believes to be there,
// in the same order.
func (s *sighting) keys() [3]string {
	return [3]string{claimPrefix + s.job.ID, postingPrefix + s.job.ID, ledgerPrefix + s.job.ID}
}

func (s *sighting) known() [3]bool {
	return [3]bool{s.job.claimAt != 0, s.present, s.job.ledgerAt != 0}
}

// list notes that a list held a record of the job.
func (s *sighting) list(key string, number uint32) {
	if s.listed != number {
		s.listed, s.parts = number, [3]bool{}
	}
	switch part, _, _ := partOf(key); part {
	case claimPart:
		s.parts[0] = true
	case postingPart:
		s.parts[1] = true
	case ledgerPart:
		s.parts[2] = true
	}
}

// apply takes in one change. A watch brings changes in order; out of date can be only what the view
// has been told by its own conductor. It returns the job, if the view knows it afterwards.
func (v *View) apply(p *store.Pair, deleted bool) *sighting {
	part, id, ok := partOf(p.Key)
	s := v.latest // most changes come in twos and threes about one job
	if s == nil || s.job.ID != id {
		s = v.jobs[id]
	}
	if s == nil {
		if !ok || deleted {
			return nil
		}
		s = v.meet(id)
	}
	v.latest = s
	switch part {
	case claimPart:
		v.applyClaim(s, p, deleted)
	case postingPart:
		v.applyPosting(s, p, deleted)
	case ledgerPart:
		v.applyLedger(s, p, deleted)
	}
	if s.known() == [3]bool{} {
		delete(v.jobs, id)
		v.latest = nil
		if s.gone = true; !s.waits {
			v.recycle(s)
		}
		return nil
	}
	return s
}

func (v *View) applyLedger(s *sighting, p *store.Pair, deleted bool) {
	switch {
	case deleted:
		s.job.ledgerAt, s.ledger = 0, nil
	case p.Changed <= s.job.ledgerAt:
		return // it is known already
	default:
		s.job.ledgerAt, s.ledger = p.Changed, p.Value
		s.heard, s.fresh = v.clock.now, v.clock.fresh
	}
	v.settle(s)
}

func (v *View) applyClaim(s *sighting, p *store.Pair, deleted bool) {
	switch {
	case p.Changed < s.floor:
		return
	case !deleted && p.Changed == s.job.claimAt:
		return // it is known already
	}
	s.floor = p.Changed
	if s.own != 0 {
		v.disown(s)
		v.losses++
		v.stirred = true
	}
	if deleted {
		s.job.hold(Holder{}, 0)
		s.job.State, s.job.claimAt, s.holder = state.Unclaimed, 0, nil
	} else {
		s.job.hold(Holder{}, p.Lease)
		s.job.claimAt, s.holder = p.Changed, p.Value
		if p.Lease == v.mine {
			v.owned = append(v.owned, s)
			s.own = int32(len(v.owned))
			v.stirred = true
		}
	}
	v.settle(s)
}

// disown takes a job from those that the session has claimed.
func (v *View) disown(s *sighting) {
	if s.own == 0 {
		return
	}
	last := len(v.owned) - 1
	moved := v.owned[last]
	v.owned[s.own-1], moved.own = moved, s.own
	v.owned[last] = nil
	v.owned, s.own = v.owned[:last], 0
}

func (v *View) applyPosting(s *sighting, p *store.Pair, deleted bool) {
	delete(v.trouble.unreadable, s.job.ID)
	if !deleted && s.present && s.job.created == p.Created {
		return // a posting does not change while it is there
	}
	// One that is there again has come out of the trash, and goes to the end of the queue.
	s.present, s.job.created, s.posting, s.read = false, 0, nil, false
	v.settle(s)
	if deleted {
		return
	}
	s.posting, s.job.created, s.present = p.Value, p.Created, true
	v.settle(s)
}
