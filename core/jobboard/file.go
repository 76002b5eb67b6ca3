package jobboard

import (
	"time"

	"derail/core/state"
	"derail/core/store"
)

// file is what a view knows beside of a job that somebody has asked for, or that the session has claimed.
type file struct {
	posting Posting
	ledger  Ledger
	holder  Holder // where the claim is the session's

	read   bool   // the posting is decoded
	sealed []byte // the holder before it is decoded

	avoid store.Revision // a job with a ledger of this revision is passed over until
	until time.Time
	wakes time.Time // while it rests

	next *file // of those that are to be used again
}

// open is the job's file, a new one where there is none.
func (v *View) open(s *sighting) *file {
	if s.file != nil {
		return s.file
	}
	if s.file = v.blank; s.file == nil {
		s.file = new(file)
	} else {
		v.blank, s.file.next = s.file.next, nil
	}
	return s.file
}

// jobOf is a copy of what is known of a job whose records are decoded.
func (v *View) jobOf(s *sighting) *Job {
	f := s.file
	j := &Job{
		created: s.created, ledgerAt: s.ledgerAt, claimAt: s.claimAt,
		Posting: f.posting, Ledger: f.ledger, State: state.Unclaimed,
	}
	if s.claimAt != 0 {
		j.hold(f.holder, v.mine)
	}
	return j
}

// readHolder decodes the holder of a claim of the session's.
func (f *file) readHolder() bool {
	if f.sealed == nil {
		return true
	}
	holder, err := decodeHolder(f.sealed)
	if err != nil {
		return false
	}
	f.sealed, f.holder = nil, holder
	return true
}
