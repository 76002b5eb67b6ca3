package jobboard

import (
	"context"
	"errors"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/record"
	"derail/core/store"
)

// mute carries trash transactions out, or not, so many times without an answer.
type mute struct {
	store.Store
	times   int
	applies bool
}

func (m *mute) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label != labelTrash || m.times == 0 {
		return m.Store.Commit(ctx, txn)
	}
	m.times--
	if m.applies {
		m.Store.Commit(ctx, txn)
	}
	return store.Commit{Err: errSilent}
}

// TestTrashUnreadable: under every kind of answer the job is in the trash once, with what is left of it.
func TestTrashUnreadable(t *testing.T) {
	for _, key := range []string{postingPrefix + "j", ledgerPrefix + "j"} {
		for _, how := range []string{"flipped", "cut", "empty", "missing"} {
			for _, m := range []mute{{}, {times: 1}, {times: 1, applies: true}, {times: 9}, {times: 9, applies: true}} {
				inOffice(t, func(o *office) {
					o.post("j")
					o.must(o.session("a").board.Abandon(o.ctx, o.claim(o.session("a"), "j"), Abandonment{Counted: true}))
					pair, _, err := o.store.Get(o.ctx, key)
					o.must(err)
					op := store.Put(key, damage(pair.Value, how))
					op.Delete = how == "missing"
					o.must(o.store.Commit(o.ctx, store.Txn{Then: []store.Op{op}}).Err)
					m := m
					m.Store = o.store.Store
					b := New(Config{Store: &m, Host: host.Real()})
					got, err := b.TrashUnreadable(o.ctx, "j", "me")
					if lost := m.times > 0 && !m.applies; lost {
						if !errors.Is(err, store.ErrUnknown) {
							o.Errorf("%s %s: %v", key, how, err)
						}
						return
					}
					o.must(err)
					list, err := o.TrashList(o.ctx)
					o.must(err)
					if len(list) != 1 || list[0].Reason != Unreadable || list[0].By != "me" || list[0].ID != "j" {
						o.Fatalf("%s %s: the trash: %+v", key, how, list)
					}
					raw, whole := got.RawPosting, got.RawLedger
					if key != postingPrefix+"j" {
						raw, whole = whole, raw
					}
					if want := string(op.Value); how != "missing" && raw != want || how == "missing" && raw != "" ||
						!record.Sound([]byte(whole)) {
						o.Errorf("%s %s: kept are %q and %q", key, how, got.RawPosting, got.RawLedger)
					}
					if key == ledgerPrefix+"j" && got.Epoch <= 1 || key == postingPrefix+"j" && got.Epoch != 1 {
						o.Errorf("%s: the epoch is %d", key, got.Epoch)
					}
					if jobs, err := o.List(o.ctx); len(jobs) != 0 || err != nil {
						o.Errorf("the board: %v, %v", jobs, err)
					}
					if _, err := b.TrashUnreadable(o.ctx, "j", "me"); !errors.Is(err, ErrGone) {
						o.Errorf("once more: %v", err)
					}
				})
			}
		}
	}
}

// TestNewForms: the forms that not every program knows are taken apart as they were put together, and have
// versions of their own.
func TestNewForms(t *testing.T) {
	l := Ledger{Epoch: 3, Attempts: 2, NotBefore: time.Unix(5, 0).UTC(), Rest: time.Minute}
	if got, err := decodeLedger(encodeLedger(&l)); err != nil || got != l || encodeLedger(&l)[1] != withRest {
		t.Errorf("%+v, %v", got, err)
	}
	posting := Posting{ID: "j", Name: "n"}
	for _, raw := range []string{"", "?", string(encodePosting(&posting))} {
		in := Trashed{
			Posting: Posting{ID: "j"}, Ledger: Ledger{Epoch: 9}, Reason: Unreadable, By: "me",
			RawPosting: raw, RawLedger: "!",
		}
		if len(raw) > 1 {
			in.Posting = posting
		}
		stored := encodeTrashed(&in)
		if got, err := decodeTrashed(stored, "j"); err != nil || got != in || stored[1] != unreadable {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := decodeTrashed(stored, "k"); err == nil {
			t.Error("it is another job's")
		}
	}
}

// TestTrashUnreadableRefuses: a sound job, a claimed one, one that was never there.
func TestTrashUnreadableRefuses(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		o.post("k")
		o.claim(o.session("a"), "k")
		for id, want := range map[string]error{"j": ErrSound, "k": ErrHeld, "l": ErrGone} {
			if _, err := o.TrashUnreadable(o.ctx, id, "me"); !errors.Is(err, want) {
				o.Errorf("%s: %v", id, err)
			}
		}
		o.must(o.Trash(o.ctx, o.claim(o.session("a"), "j"), ByOperator, nil))
		if err := o.Repair(o.ctx, Posting{ID: "j"}); !errors.Is(err, ErrGone) {
			o.Errorf("a job that is not damaged was repaired: %v", err)
		}
	})
}

// TestDamagedOwnPosting: a post whose answer is lost, of a record that is damaged since, is in doubt: that
// another job is there would be a lie.
func TestDamagedOwnPosting(t *testing.T) {
	inOffice(t, func(o *office) {
		key := postingPrefix + "j"
		l := &lagging{Store: o.store.Store, lose: labelPost, old: map[string]store.Pair{
			key: {Key: key, Value: damage(encodePosting(&Posting{ID: "j"}), "flipped"), Created: 1, Changed: 1},
		}}
		err := New(Config{Store: l, Host: host.Real()}).Post(o.ctx, Posting{ID: "j"})
		if errors.Is(err, ErrExists) || !errors.Is(err, store.ErrUnknown) {
			o.Errorf("the post: %v", err)
		}
	})
}
