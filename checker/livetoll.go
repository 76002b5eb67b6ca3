package checker

import "derail/checker/history"

// toll is what is certain of the attempts of one job while the history is being written. It is coarser than
// what [Reading.charge] derives in the end, and always holds it: an epoch counts its claims, and every
// abandon may have given one back until it is known that it did not.
type toll struct {
	called int64 // claims
	epoch  int64 // the highest that a record has shown
	given  int64 // abandons that may have given an attempt back
	// vague is set by a restore, which begins again at nobody knows what, and by an epoch that cannot be.
	vague bool
}

func (t *toll) begins(rec *history.Record) {
	switch rec.Kind {
	case history.Claim:
		t.called++
		return
	case history.Restore:
		t.vague = true
	case history.Abandon:
		t.given++
	}
	t.shows(rec.Epoch)
}

func (t *toll) ends(o *op) {
	if o.effect.Kind == history.Abandon && (o.fate == failed || o.counted) {
		t.given--
	}
	if o.fate != failed {
		t.shows(o.effect.Epoch)
	}
}

// shows notes that the job was claimed so many times.
func (t *toll) shows(epoch int64) {
	t.epoch = max(t.epoch, epoch)
	t.vague = t.vague || epoch > t.called
}

// charged is what was charged by the claim, or when the job was trashed.
func (t *toll) charged(o *op) span {
	high := o.effect.Epoch
	switch {
	case t.vague || high < 0:
		return span{0, never}
	case high == 0: // the trash of one who does not own it
		return span{0, int32(t.epoch)}
	}
	return span{int32(max(high-t.given, 0)), int32(high)}
}
