package storetest_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// eachPair breaks every pair that a read gives out.
func eachPair(how func(*store.Pair)) func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.get = func(ctx context.Context, key string) (store.Pair, store.Revision, error) {
			pair, revision, err := healthy.Get(ctx, key)
			if pair.Changed != 0 {
				how(&pair)
			}
			return pair, revision, err
		}
		w.list = func(ctx context.Context, prefix string) (store.Snapshot, error) {
			snapshot, err := healthy.Range(ctx, prefix)
			for i := range snapshot.Pairs {
				how(&snapshot.Pairs[i])
			}
			return snapshot, err
		}
	})
}

// eachRange breaks every answer of Range.
func eachRange(how func(prefix string, snapshot *store.Snapshot)) func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.list = func(ctx context.Context, prefix string) (store.Snapshot, error) {
			snapshot, err := healthy.Range(ctx, prefix)
			how(prefix, &snapshot)
			return snapshot, err
		}
	})
}

func brokenReads() []brokenStore {
	return []brokenStore{
		{"reads tell the key's revision", breaking(func(healthy store.Store, w *wrapped) {
			w.get = func(ctx context.Context, key string) (store.Pair, store.Revision, error) {
				pair, _, err := healthy.Get(ctx, key)
				return pair, pair.Changed, err
			}
		}), []string{"read/absent", "read/put"}},
		{"overwriting creates", eachPair(func(p *store.Pair) { p.Created = p.Changed }), []string{
			"read/overwritten", "model/random-programs",
		}},
		{"creation is remembered", createdOnce(), []string{"read/recreated", "model/random-programs"}},
		{"values end at a zero byte", eachPair(func(p *store.Pair) {
			p.Value, _, _ = bytes.Cut(p.Value, []byte{0})
		}), []string{"read/values"}},
		{"values are in one buffer", oneBuffer(), []string{"read/value-stays"}},
		{"some reads are stale", staleGets(), []string{"read/latest", "concurrency/never-back"}},
		{"some ranges are stale", staleRanges(), []string{"read/latest", "concurrency/never-back"}},
		{"ranges are unsorted", eachRange(func(_ string, s *store.Snapshot) { slices.Reverse(s.Pairs) }), []string{
			"range/order", "range/prefixes", "range/many",
		}},
		{"ranges end too soon", eachRange(func(prefix string, s *store.Snapshot) {
			s.Pairs = slices.DeleteFunc(s.Pairs, func(p store.Pair) bool { return p.Key >= prefix+"\xff" })
		}), []string{"range/prefixes"}},
		{"ranges leave out the prefix itself", eachRange(func(prefix string, s *store.Snapshot) {
			s.Pairs = slices.DeleteFunc(s.Pairs, func(p store.Pair) bool { return p.Key == prefix })
		}), []string{"range/prefixes"}},
		{"an empty range tells no revision", eachRange(func(_ string, s *store.Snapshot) {
			if len(s.Pairs) == 0 {
				s.Revision = 0
			}
		}), []string{"range/empty"}},
		{"ranges have one page", eachRange(func(_ string, s *store.Snapshot) {
			s.Pairs = s.Pairs[:min(len(s.Pairs), 1000)]
		}), []string{"range/many"}},
		{"ranges are read key by key", keyByKey(), []string{"concurrency/snapshots"}},
		{"leases are hidden", eachPair(func(p *store.Pair) { p.Lease = 0 }), []string{"lease/shown"}},
	}
}

func createdOnce() func(store.Store) store.Store {
	var mu sync.Mutex
	created := make(map[string]store.Revision)
	broken := eachPair(func(p *store.Pair) {
		mu.Lock()
		defer mu.Unlock()
		if created[p.Key] == 0 {
			created[p.Key] = p.Created
		}
		p.Created = created[p.Key]
	})
	return func(healthy store.Store) store.Store {
		clear(created)
		return broken(healthy)
	}
}

// oneBuffer spares the keys that several processes read, where it would be a data race as well.
func oneBuffer() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		var mu sync.Mutex
		var buffer [100]byte
		w.get = func(ctx context.Context, key string) (store.Pair, store.Revision, error) {
			pair, revision, err := healthy.Get(ctx, key)
			if key != "key" && key != "other" {
				return pair, revision, err
			}
			mu.Lock()
			defer mu.Unlock()
			pair.Value = buffer[:copy(buffer[:], pair.Value)]
			return pair, revision, err
		}
	})
}

// staleGets answers every tenth read of a key with what the read before it gave.
func staleGets() func(store.Store) store.Store {
	type answer struct {
		pair     store.Pair
		revision store.Revision
		reads    int
	}
	return breaking(func(healthy store.Store, w *wrapped) {
		var mu sync.Mutex
		answers := make(map[string]answer)
		w.get = func(ctx context.Context, key string) (store.Pair, store.Revision, error) {
			pair, revision, err := healthy.Get(ctx, key)
			mu.Lock()
			defer mu.Unlock()
			old := answers[key]
			answers[key] = answer{pair, revision, old.reads + 1}
			if old.reads%10 == 9 {
				return old.pair, old.revision, err
			}
			return pair, revision, err
		}
	})
}

func staleRanges() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		var mu sync.Mutex
		old := make(map[string]store.Snapshot)
		ranges := 0
		w.list = func(ctx context.Context, prefix string) (store.Snapshot, error) {
			snapshot, err := healthy.Range(ctx, prefix)
			mu.Lock()
			defer mu.Unlock()
			before, some := old[prefix]
			old[prefix] = snapshot
			if ranges++; some && ranges%10 == 0 {
				return before, err
			}
			return snapshot, err
		}
	})
}

func keyByKey() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.list = func(ctx context.Context, prefix string) (store.Snapshot, error) {
			snapshot, err := healthy.Range(ctx, prefix)
			for i, pair := range snapshot.Pairs {
				if i > 0 {
					_ = host.Real().Sleep(ctx, time.Microsecond)
				}
				snapshot.Pairs[i], snapshot.Revision, err = healthy.Get(ctx, pair.Key)
			}
			return snapshot, err
		}
	})
}
