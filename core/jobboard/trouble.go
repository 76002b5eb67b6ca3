package jobboard

import (
	"maps"
	"slices"
	"time"

	"derail/core/record"
)

// Damage is a record that cannot be read, of a job that is known by its key.
type Damage struct {
	Job string
	Err error // a *record.DamagedError
}

// trouble is what a view knows of records that cannot be read.
type trouble struct {
	unreadable map[string]time.Time // jobs that nobody can claim, by id, and until when they are put off
	before     map[string]time.Time // the same, before the list that is being taken in
	untold     []Damage
}

// begin prepares for a list, which shows everything anew.
func (t *trouble) begin() { t.before, t.unreadable = t.unreadable, nil }

// suspect notes that a record of a job cannot be read.
func (v *View) suspect(id string, err error) {
	t := &v.trouble
	if _, known := t.unreadable[id]; known {
		return
	}
	if t.unreadable == nil {
		t.unreadable = map[string]time.Time{}
	}
	until, known := t.before[id]
	t.unreadable[id] = until
	if !known {
		t.untold = append(t.untold, Damage{id, err})
	}
	v.stirred = true
}

func (v *View) suspectLedger(s *sighting) {
	_, err := decodeLedger(s.ledger)
	v.suspect(s.id, record.At(ledgerPrefix+s.id, ledgerWhat, err))
}

// readOwn decodes the records of a claim of the view's own session. A claim whose own record is damaged
// is known all the same, by its lease and by the ledger that was written with it.
func (v *View) readOwn(s *sighting) bool {
	if !v.readLedger(s) {
		v.suspectLedger(s)
		return false
	}
	if f := s.file; !f.readHolder() {
		_, err := decodeHolder(f.sealed)
		v.trouble.untold = append(v.trouble.untold,
			Damage{s.id, record.At(claimPrefix+s.id, claimWhat, err)})
		f.sealed, f.holder = nil, Holder{Owner: v.owner, Epoch: f.ledger.Epoch}
	}
	return true
}

// Unreadable returns a job that nobody can claim, because its posting or its ledger cannot be read, for
// [Board.TrashUnreadable]; or the empty id. held: it is claimed under this session although busy says
// that nobody works on it, so that it must lose that claim first. Damage is what the view has found since
// it was last asked. busy must not call the view.
func (v *View) Unreadable(now time.Time, busy func(id string) bool) (id string, held bool, found []Damage) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sort() // which finds out what cannot be read
	t := &v.trouble
	found, t.untold = t.untold, nil
	if len(t.unreadable) == 0 {
		return "", false, found
	}
	for _, id := range slices.Sorted(maps.Keys(t.unreadable)) {
		s := v.jobs.find(id)
		held = s != nil && s.own != 0
		claimed := s != nil && s.claimAt != 0
		if !t.unreadable[id].After(now) && (!claimed || held && !busy(id)) {
			return id, held, found
		}
	}
	return "", false, found
}

// PutOff leaves an unreadable job alone until then.
func (v *View) PutOff(id string, until time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.trouble.unreadable[id]; known {
		v.trouble.unreadable[id] = until
	}
}

// Cleared tells the view that a job that could not be read has left the board.
func (v *View) Cleared(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.trouble.unreadable, id)
}
