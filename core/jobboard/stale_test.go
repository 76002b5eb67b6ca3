package jobboard

import (
	"context"
	"errors"
	"testing"

	"derail/core/host"
	"derail/core/store"
)

// lagging answers reads of some keys with what they were at some moment, and at that revision.
type lagging struct {
	store.Store
	old  map[string]store.Pair
	at   store.Revision
	lose string // the label of a transaction that does not arrive
}

func (l *lagging) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	if old, is := l.old[key]; is {
		return old, l.at, nil
	}
	return l.Store.Get(ctx, key)
}

func (l *lagging) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label == l.lose {
		return store.Commit{Err: errSilent}
	}
	return l.Store.Commit(ctx, txn)
}

// remember keeps what some keys are now.
func (l *lagging) remember(o *office, keys ...string) {
	l.old = map[string]store.Pair{}
	for _, key := range keys {
		pair, at, err := l.Store.Get(o.ctx, key)
		o.must(err)
		l.old[key], l.at = pair, at
	}
}

// TestStaleReads: a call that reads back puts together only what fits together. A replica that lags may say
// that the session lives, when it does not, and make a release that never happened look like one that did.
func TestStaleReads(t *testing.T) {
	for _, label := range []string{labelConsume, labelAbandon, labelTrash} {
		inOffice(t, func(o *office) {
			l := &lagging{Store: o.store.Store}
			b := New(Config{Store: l, Host: host.Real()})
			o.post("j")
			s := o.session("a")
			c := o.claim(s, "j")
			c.Session = s
			l.remember(o, s.key)
			o.must(s.Close(o.ctx))
			l.lose = label
			var err error
			switch label {
			case labelConsume:
				err = b.Consume(o.ctx, c)
			case labelAbandon:
				err = b.Abandon(o.ctx, c, Abandonment{})
			default:
				err = b.Trash(o.ctx, c, ByOperator, nil)
			}
			if !errors.Is(err, store.ErrUnknown) || errors.Is(err, ErrLost) {
				o.Errorf("%s: %v", label, err)
			}
			l.old = nil
			if err := b.Consume(o.ctx, c); !errors.Is(err, ErrLost) && !errors.Is(err, ErrUntraceable) {
				o.Errorf("with reads that are right: %v", err)
			}
			if got := o.where("j"); got != "UNCLAIMED epoch 1 attempts 1" {
				o.Errorf("%s: the job is %s", label, got)
			}
		})
	}
	inOffice(t, func(o *office) { // a claim, of which a replica knows nothing yet
		l := &lagging{Store: o.store.Store}
		b := New(Config{Store: l, Host: host.Real()})
		o.post("j")
		s, j := o.session("a"), o.job("j")
		l.remember(o, claimPrefix+"j")
		o.store.Store.Commit(o.ctx, store.Txn{Then: []store.Op{store.Put("x", nil)}})
		other := o.session("b")
		o.claim(other, "j")
		l.lose = labelClaim
		if _, err := b.Claim(o.ctx, s, j); !errors.Is(err, store.ErrUnknown) && !errors.Is(err, ErrHeld) {
			o.Errorf("the claim: %v", err)
		}
	})
}

// TestStaleClaimant: a claim is granted, without an answer, on a job whose last owner has lost it, and a
// replica answers that the last owner has it. That is no proof that somebody else was faster.
func TestStaleClaimant(t *testing.T) {
	inOffice(t, func(o *office) {
		l := &lagging{Store: o.store}
		b := New(Config{Store: l, Host: host.Real()})
		o.post("j")
		last := o.session("a")
		o.claim(last, "j")
		l.remember(o, claimPrefix+"j")
		s := o.session("b")
		l.remember(o, claimPrefix+"j", s.key) // the replica knows that both live
		o.must(last.Close(o.ctx))
		o.store.plan(labelClaim, loseAnswer)
		if _, err := b.Claim(o.ctx, s, o.job("j")); !errors.Is(err, store.ErrUnknown) || errors.Is(err, ErrHeld) {
			o.Errorf("a claim that was granted: %v", err)
		}
		l.old = nil
		if got := o.where("j"); got != "CLAIMED epoch 2 attempts 2" {
			o.Errorf("the job is %s", got)
		}
	})
}
