package jobboard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// TestBoardDefaults: what is left out of a Config, and what makes no sense in one.
func TestBoardDefaults(t *testing.T) {
	for _, c := range []struct{ given, want Config }{
		{Config{}, Config{Tries: 3, Pause: 50 * time.Millisecond, Relist: 5 * time.Minute}},
		{Config{Tries: -1, Pause: -1, Relist: -1}, Config{Tries: 3, Pause: 50 * time.Millisecond, Relist: -1}},
		{Config{Tries: 1, Pause: 1, Relist: 1}, Config{Tries: 1, Pause: 1, Relist: 1}},
	} {
		b := New(c.given)
		if got := (Config{Tries: b.tries, Pause: b.pause, Relist: b.relist}); got != c.want {
			t.Errorf("%+v is %+v, want %+v", c.given, got, c.want)
		}
	}
}

// timed is a store that writes down when it was asked to commit.
type timed struct {
	store.Store
	at []time.Time
}

func (s *timed) Commit(ctx context.Context, txn store.Txn) store.Commit {
	s.at = append(s.at, time.Now())
	return s.Store.Commit(ctx, txn)
}

// TestPausesBetweenTries: each is twice as long as the one before, and there are as many tries as were asked
// for, of every call.
func TestPausesBetweenTries(t *testing.T) {
	for _, label := range []string{labelPost, labelRegister, labelClaim, labelConsume, labelPurge} {
		for _, how := range []fault{refuse, loseRequest} {
			inOffice(t, func(o *office) {
				store := &timed{Store: o.store}
				b := New(Config{Store: store, Host: host.Real(), Tries: 6, Pause: time.Second})
				call := o.prepared(b, label)
				o.store.plan(label, slices.Repeat([]fault{how}, 20)...)
				store.at = nil
				began := time.Now()
				err := call()
				if label == labelRegister && how == loseRequest && err != nil {
					o.Errorf("a session without a record is as good as any: %v", err)
				}
				want := []time.Duration{0, 1, 3, 7, 15, 31}
				if label == labelPost && how == loseRequest {
					want = want[:1] // it is not posted again
				}
				var got []time.Duration
				for _, at := range store.at {
					got = append(got, at.Sub(began)/time.Second)
				}
				if !slices.Equal(got, want) {
					o.Errorf("%s, %s: tries after %v", label, how, got)
				}
				if took := time.Since(began); took != 31*time.Second {
					o.Errorf("%s, %s: it took %v", label, how, took)
				}
			})
		}
	}
}

// prepared is a call with that label for which everything is there.
func (o *office) prepared(b *Board, label string) func() error {
	o.post("j")
	s := o.session("a")
	switch label {
	case labelPost:
		return func() error { return b.Post(o.ctx, Posting{ID: "k"}) }
	case labelRegister:
		return func() error {
			_, err := b.Register(o.ctx, Entity{Kind: "conductor", Name: "b"}, time.Hour)
			return err
		}
	case labelClaim:
		job := o.job("j")
		return func() error {
			_, err := b.Claim(o.ctx, s, job)
			return err
		}
	case labelConsume:
		c := o.claim(s, "j")
		return func() error { return b.Consume(o.ctx, c) }
	default:
		o.must(o.Trash(o.ctx, o.claim(s, "j"), Undispatchable, nil))
		return func() error { return b.Purge(o.ctx, "j") }
	}
}

// TestWhyItIsInDoubt: where it could not be found out what became of a call, the error says what kept it
// from being found out; where it is only not known to have happened yet, what the store said.
func TestWhyItIsInDoubt(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		s := o.session("a")
		job := o.job("j")
		blind := fmt.Errorf("%w: it cannot be read", store.ErrRefused)
		o.store.plan(labelClaim, loseRequest, loseRequest, loseRequest)
		o.store.failReads(blind)
		_, err := o.Claim(o.ctx, s, job)
		if !errors.Is(err, store.ErrUnknown) || !errors.Is(err, blind) {
			o.Errorf("it could not be read back, and the error is: %v", err)
		}
		o.store.failReads(nil)
		o.store.plan(labelClaim, loseRequest, loseRequest, loseRequest)
		_, err = o.Claim(o.ctx, s, job)
		if !errors.Is(err, errSilent) {
			o.Errorf("it has not happened so far, and the error is: %v", err)
		}
	})
}

// TestTwinsAreToldApart: a claim that got no answer is not taken for made where another session of the same
// name has made one: its record is the same in all but the lease.
func TestTwinsAreToldApart(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		a, b := o.session("twin"), o.session("twin")
		seen := o.job("j")
		held := o.claim(b, "j")
		for _, how := range []fault{loseRequest, loseAnswer} {
			o.store.plan(labelClaim, how)
			if c, err := o.Claim(o.ctx, a, seen); !errors.Is(err, ErrHeld) {
				o.Errorf("%s: it claimed what its twin holds: %+v, %v", how, c, err)
			}
		}
		o.must(o.Consume(o.ctx, held))
	})
}
