package jobboard

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"derail/core/state"
	"derail/core/store"
)

func TestCount(t *testing.T) {
	inOffice(t, func(o *office) {
		count := func(want int) {
			o.Helper()
			if n, err := o.Count(o.ctx); n != want || err != nil {
				o.Errorf("%d jobs on the board, %v; want %d", n, err, want)
			}
		}
		count(0)
		for _, id := range []string{"j", "k", "l", "kk"} {
			o.post(id)
		}
		count(4)
		s := o.session("a")
		o.must(o.Trash(o.ctx, o.claim(s, "j"), ByOperator, nil))
		o.must(o.Consume(o.ctx, o.claim(s, "k")))
		o.claim(s, "l")
		count(2) // a claimed job is on the board, and one in the trash is not
		o.must(o.Restore(o.ctx, "j"))
		count(3)
		commit := o.store.Commit(o.ctx, store.Txn{Then: []store.Op{store.Put(PostingPrefix+"j", []byte("?"))}})
		if commit.Outcome != store.Done {
			o.Fatal(commit.Err)
		}
		count(3) // a job that cannot be read is there all the same
		o.store.failReads(errDown)
		if _, err := o.Count(o.ctx); !errors.Is(err, errDown) {
			o.Errorf("with a store that is down: %v", err)
		}
	})
}

// interposed does something right before a key is read for the first time.
type interposed struct {
	store.Store
	prefix string
	first  func()
}

func (s *interposed) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	if first := s.first; first != nil && strings.HasPrefix(key, s.prefix) {
		s.first = nil
		first()
	}
	return s.Store.Get(ctx, key)
}

// A job that goes from the trash back to the board while somebody looks for it in both is not gone.
func TestWaitGoneThroughARestore(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		session := o.session("a")
		o.must(o.Trash(o.ctx, o.claim(session, "j"), ByOperator, nil))
		between := &interposed{Store: o.store, prefix: TrashPrefix}
		board := New(Config{Store: between, Host: o.host})
		between.first = func() { o.must(o.Restore(o.ctx, "j")) }
		if got, err := board.WaitGone(o.ctx, "j", 0); got != "" || !errors.Is(err, context.DeadlineExceeded) {
			o.Errorf("a job that was restored is %q, %v", got, err)
		}
		o.must(o.Trash(o.ctx, o.claim(session, "j"), ByOperator, nil))
		between.first = func() { o.must(o.Restore(o.ctx, "j")) }
		time.AfterFunc(time.Second, func() { o.must(o.Consume(o.ctx, o.claim(session, "j"))) })
		began := time.Now()
		if got, err := board.WaitGone(o.ctx, "j", time.Minute); got != state.Complete || err != nil {
			o.Errorf("a job that was restored and consumed is %q, %v", got, err)
		}
		if waited := time.Since(began); waited != time.Second {
			o.Errorf("it waited for %v", waited)
		}
		between.first = func() { o.store.failReads(errDown) }
		if _, err := board.WaitGone(o.ctx, "j", time.Second); !errors.Is(err, errDown) {
			o.Errorf("with a store that goes down on the way: %v", err)
		}
	})
}
