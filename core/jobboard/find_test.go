package jobboard

import (
	"context"
	"testing"

	"derail/core/host"
	"derail/core/store"
)

// meddled is a store in which something happens right before a key is read for the first time.
type meddled struct {
	store.Store
	before string
	happen func()
	reads  int
}

func (m *meddled) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	m.reads++
	if happen := m.happen; key == m.before && happen != nil {
		m.happen = nil
		happen()
	}
	return m.Store.Get(ctx, key)
}

// TestFindWhileItIsPosted: a job that comes to the board between the reads of Find is found whole, and so
// is one that is given back.
func TestFindWhileItIsPosted(t *testing.T) {
	for _, key := range []string{ledgerPrefix + "j", claimPrefix + "j", postingPrefix + "j"} {
		inOffice(t, func(o *office) {
			m := &meddled{Store: o.store, before: key, happen: func() { o.post("j") }}
			b := New(Config{Store: m, Host: host.Real()})
			if got, err := b.Find(o.ctx, "j"); err != nil || got.ID != "j" || got.Book != "book-j" {
				o.Errorf("posted before %s: %+v, %v", key, got, err)
			}
			c := o.claim(o.session("a"), "j")
			m.happen = func() { o.must(o.Abandon(o.ctx, c, Abandonment{Counted: true})) }
			got, err := b.Find(o.ctx, "j")
			if err != nil || got.Epoch != 1 || got.Holder.Owner != "" && got.Holder.Epoch != got.Epoch {
				o.Errorf("given back before %s: %+v, %v", key, got, err)
			}
		})
	}
}

// TestFindReadsNoMoreThanItMust: once where all fits together, and where it does not as often as a call is
// tried.
func TestFindReadsNoMoreThanItMust(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		o.claim(o.session("a"), "j")
		o.post("k")
		o.post("damaged")
		o.claim(o.session("a"), "damaged")
		o.store.Commit(o.ctx, store.Txn{Then: []store.Op{
			store.Put(postingPrefix+"half", []byte("?")), store.Put(postingPrefix+"damaged", []byte("?")),
		}})
		for id, reads := range map[string]int{"j": 3, "k": 3, "damaged": 3, "half": 3 * 4, "none": 3} {
			m := &meddled{Store: o.store}
			_, err := New(Config{Store: m, Host: host.Real(), Tries: 4}).Find(o.ctx, id)
			if (err == nil) != (id == "j" || id == "k") || m.reads != reads {
				o.Errorf("%s: %v after %d reads, want %d", id, err, m.reads, reads)
			}
		}
	})
}
