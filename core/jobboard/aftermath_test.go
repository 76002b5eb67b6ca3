package jobboard

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"derail/core/state"
	"derail/core/store"
)

// The tests of this file are about what TaskFlow's jobboards are known to get wrong.

// TestNothingIsLeft: a job that has gone leaves no record behind. TaskFlow's Redis board keeps the times
// of trashed jobs for ever.
func TestNothingIsLeft(t *testing.T) {
	for name, leave := range map[string]func(o *office, c *Claim) error{
		"consumed": func(o *office, c *Claim) error { return o.Consume(o.ctx, c) },
		"purged": func(o *office, c *Claim) error {
			o.must(o.Trash(o.ctx, c, ByOperator, problem))
			return o.Purge(o.ctx, "j")
		},
		"restored and consumed": func(o *office, c *Claim) error {
			o.must(o.Trash(o.ctx, c, ByOperator, problem))
			o.must(o.Restore(o.ctx, "j"))
			return o.Consume(o.ctx, o.claim(c.Session, "j"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inOffice(t, func(o *office) {
				s := o.session("a")
				o.post("j")
				o.must(o.Abandon(o.ctx, o.claim(s, "j"), Abandonment{Counted: true, Failure: problem}))
				o.must(leave(o, o.claim(s, "j")))
				o.must(s.Close(o.ctx))
				snap, err := o.store.Range(o.ctx, "")
				o.must(err)
				for _, pair := range snap.Pairs {
					o.Errorf("%s is left", pair.Key)
				}
			})
		})
	}
}

// TestSilentStore: nobody who cannot read the board is told that it is empty, or that a job is gone or
// has no owner. TaskFlow's ZooKeeper board lists nothing while it has no connection.
func TestSilentStore(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		o.claim(o.session("a"), "j")
		for _, silence := range []error{errDown, errSilent} {
			o.store.failReads(silence)
			if jobs, err := o.List(o.ctx); !errors.Is(err, silence) || jobs != nil {
				o.Errorf("the list: %v, %v", jobs, err)
			}
			if _, err := o.Find(o.ctx, "j"); !errors.Is(err, silence) || errors.Is(err, ErrGone) {
				o.Errorf("the job: %v", err)
			}
			if h, err := o.Owner(o.ctx, "j"); !errors.Is(err, silence) || errors.Is(err, ErrGone) {
				o.Errorf("the owner: %v, %v", h, err)
			}
			for _, err := range []error{o.Restore(o.ctx, "j"), o.Purge(o.ctx, "j")} {
				if !errors.Is(err, silence) || errors.Is(err, ErrGone) {
					o.Errorf("taking it out of the trash: %v", err)
				}
			}
		}
		o.store.failReads(nil)
		if got := o.where("j"); got != "CLAIMED epoch 1 attempts 1" {
			o.Errorf("the job: %s", got)
		}
	})
}

// TestDamagedPostingStays: a posting that cannot be read is left as it is, so that somebody can look at it
// and repair it. TaskFlow's Redis and etcd boards delete it when they first meet it.
func TestDamagedPostingStays(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("i")
		o.post("j")
		s := o.session("a")
		o.must(o.Abandon(o.ctx, o.claim(s, "j"), Abandonment{Counted: true, Failure: problem}))
		seen := o.job("j")
		good, _, err := o.store.Get(o.ctx, postingPrefix+"j")
		o.must(err)
		put := func(value []byte) {
			o.store.Commit(o.ctx, store.Txn{Then: []store.Op{store.Put(postingPrefix+"j", value)}})
		}
		bad := damage(good.Value, "cut")
		put(bad)
		for range 2 { // not only when they first meet it
			jobs, err := o.List(o.ctx)
			if len(jobs) != 1 || err == nil || !strings.Contains(err.Error(), postingPrefix+"j") {
				o.Errorf("listed %v, %v", jobs, err)
			}
			if _, err := o.Find(o.ctx, "j"); err == nil || errors.Is(err, ErrGone) {
				o.Errorf("found: %v", err)
			}
			if jobs, err := o.Wait(o.ctx, time.Second); len(jobs) != 1 || err == nil {
				o.Errorf("waited for: %v, %v", jobs, err)
			}
			if _, err := o.WaitGone(o.ctx, "j", time.Second); err == nil {
				o.Error("it is taken for gone")
			}
			if err := o.Post(o.ctx, Posting{ID: "j"}); !errors.Is(err, ErrExists) {
				o.Errorf("its id is free for another: %v", err)
			}
		}
		if pair, _, err := o.store.Get(o.ctx, postingPrefix+"j"); err != nil || !bytes.Equal(pair.Value, bad) {
			o.Errorf("the record is %q, %v", pair.Value, err)
		}
		put(good.Value)
		if j := o.job("j"); j.Posting != seen.Posting || j.Epoch != 1 || j.Attempts != 1 || !j.Last.Same(problem) {
			o.Errorf("repaired: %+v, before: %+v", j, seen)
		}
		if c := o.claim(s, "j"); c.Attempt() != 2 {
			o.Errorf("claimed: %+v", c.Job)
		}
	})
}

// TestForgedClaims: what can be seen of a claim does not make one; TaskFlow asks for no more than the
// owner's name, which everybody can see.
func TestForgedClaims(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("free")
		o.post("held")
		thief := o.session("owner") // of the same name
		o.claim(o.session("owner"), "held")
		for id, want := range map[string]string{
			"free": "UNCLAIMED epoch 0 attempts 0", "held": "CLAIMED epoch 1 attempts 1",
		} {
			forge := func() *Claim { return &Claim{Job: *o.job(id), Session: thief} }
			for _, err := range []error{
				o.Abandon(o.ctx, forge(), Abandonment{}), o.Consume(o.ctx, forge()),
				o.Trash(o.ctx, forge(), ByOperator, nil),
			} {
				if !errors.Is(err, ErrLost) {
					o.Errorf("%s: %v", id, err)
				}
			}
			if got := o.where(id); got != want {
				o.Errorf("%s: %s", id, got)
			}
		}
	})
}

// TestEmptiedClaim: a claim whose record somebody has emptied is over, and its job is free again when the
// lease ends; until then it is named as damaged. TaskFlow calls it free at once, while its owner works.
func TestEmptiedClaim(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		c := o.claim(o.session("a"), "j")
		o.store.Commit(o.ctx, store.Txn{Then: []store.Op{store.PutLeased(ClaimKey("j"), nil, c.Session.lease)}})
		if _, err := o.Find(o.ctx, "j"); err == nil || !strings.Contains(err.Error(), ClaimKey("j")) {
			o.Errorf("the job: %v", err)
		}
		if err := o.Consume(o.ctx, c); !errors.Is(err, ErrLost) {
			o.Errorf("a consume by the owner: %v", err)
		}
		o.must(c.Session.Close(o.ctx))
		if got := o.where("j"); got != "UNCLAIMED epoch 1 attempts 1" {
			o.Errorf("the job: %s", got)
		}
	})
}

// TestJobsCalledLikePlaces: a job may be called like a part of the board's keys. TaskFlow's ZooKeeper board
// replaces text in paths, and so puts the trash of /jobs/jobs below /.trash/.trash.
func TestJobsCalledLikePlaces(t *testing.T) {
	inOffice(t, func(o *office) {
		s := o.session("trash")
		ids := []string{"j", "l", "c", "board", "trash", "entity"}
		for _, id := range ids {
			o.post(id)
		}
		for n, id := range ids {
			o.must(o.Trash(o.ctx, o.claim(s, id), ByOperator, nil))
			if trash, err := o.TrashList(o.ctx); err != nil || len(trash) != 1 || trash[0].ID != id {
				o.Errorf("the trash: %v, %v", trash, err)
			}
			if jobs, err := o.List(o.ctx); err != nil || len(jobs) != len(ids)-1-n {
				o.Errorf("without %s: %v, %v", id, jobs, err)
			}
			o.must(o.Restore(o.ctx, id))
			o.must(o.Consume(o.ctx, o.claim(s, id)))
		}
		if jobs, err := o.List(o.ctx); err != nil || len(jobs) != 0 {
			o.Errorf("left: %v, %v", jobs, err)
		}
	})
}

// slow is a store whose reads take a while.
type slow struct{ store.Store }

func (s slow) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	time.Sleep(time.Millisecond)
	return s.Store.Get(ctx, key)
}

func (s slow) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	time.Sleep(time.Millisecond)
	return s.Store.Range(ctx, prefix)
}

// TestOneLook: a wait without any time looks once, and its limit does not cut that look short.
func TestOneLook(t *testing.T) {
	inOffice(t, func(o *office) {
		board := New(Config{Store: slow{o.store}, Host: o.host})
		if _, err := board.Wait(o.ctx, 0); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrRefused) {
			o.Errorf("an empty board: %v", err)
		}
		o.post("j")
		if jobs, err := board.Wait(o.ctx, 0); err != nil || len(jobs) != 1 {
			o.Errorf("a board with a job: %v, %v", jobs, err)
		}
		_, err := board.WaitGone(o.ctx, "j", 0)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrRefused) {
			o.Errorf("a job that is there: %v", err)
		}
		o.must(o.Trash(o.ctx, o.claim(o.session("a"), "j"), ByOperator, nil))
		if got, err := board.WaitGone(o.ctx, "j", 0); got != state.Trashed || err != nil {
			o.Errorf("a job in the trash: %s, %v", got, err)
		}
		if got, err := board.WaitGone(o.ctx, "never posted", 0); got != state.Complete || err != nil {
			o.Errorf("a job that nobody posted: %s, %v", got, err)
		}
	})
}
