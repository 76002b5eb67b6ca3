package storetest

import (
	"encoding/binary"
	"fmt"
	"sync"

	"derail/core/store"
)

func concurrencyCases() []Case {
	return []Case{
		newCase("concurrency/counter", concurrentCounter),
		newCase("concurrency/one-creator", concurrentCreators),
		newCase("concurrency/snapshots", concurrentSnapshots),
		newCase("concurrency/never-back", concurrentNeverBack),
		newCase("concurrency/list-then-watch", concurrentListThenWatch),
	}
}

const writers = 4

// count adds one to the counter at key, however often it must try. Its value is a number, and the ops
// that make gives for it are committed with it.
func (t *trial) count(key string, with func(value uint64) []store.Op) (value uint64, at store.Revision) {
	for {
		pair := t.get(key)
		condition := compare(key, store.ChangedAt, pair.Changed)
		if pair.Changed == 0 {
			condition = compare(key, store.Absent)
		}
		value = number(pair.Value) + 1
		if t.Host.Draw(4) == 0 {
			t.pause() // for others to come between
		}
		ops := []store.Op{store.Put(key, numberText(value))}
		if with != nil {
			ops = append(ops, with(value)...)
		}
		commit := t.commit(store.Txn{If: []store.Compare{condition}, Then: ops})
		switch commit.Outcome {
		case store.Done:
			return value, commit.Revision
		case store.Conflict: // somebody else was faster
		default:
			t.failf("counting: %s", commitText(commit))
		}
		t.pause()
	}
}

func number(value []byte) uint64 {
	if len(value) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(value)
}

func numberText(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// concurrentCounter: of compare and swap by many, every success counts once.
func concurrentCounter(t *trial) {
	each := t.times(200)
	var mu sync.Mutex
	seen := make(map[uint64]store.Revision)
	t.together(writers, func(int) {
		for range each {
			t.pause()
			value, at := t.count("counter", nil)
			mu.Lock()
			other, twice := seen[value]
			seen[value] = at
			mu.Unlock()
			t.want(!twice, "two processes, at %d and %d, both counted to %d", at, other, value)
		}
	})
	want := uint64(writers * each)
	pair := t.get("counter")
	t.want(number(pair.Value) == want, "%d counts gave %d", want, number(pair.Value))
	t.want(t.revision() == store.Revision(want), "%d counts made revision %d", want, t.revision())
	for value := uint64(2); value <= want; value++ {
		t.want(seen[value-1] < seen[value], "counting to %d was at revision %d, to %d at %d",
			value-1, seen[value-1], value, seen[value])
	}
}

// concurrentCreators: of many that make a key if it is absent, one does.
func concurrentCreators(t *trial) {
	for round := range t.times(100) {
		key := fmt.Sprintf("round/%d", round)
		var mu sync.Mutex
		made := 0
		t.together(writers, func(i int) {
			commit := t.commit(store.Txn{
				If:   []store.Compare{compare(key, store.Absent)},
				Then: []store.Op{store.Put(key, []byte{byte(i)})},
			})
			switch commit.Outcome {
			case store.Done:
				mu.Lock()
				made++
				mu.Unlock()
			case store.Conflict:
				t.want(t.get(key).Changed != 0, "the absence of %q failed, and it is absent", key)
			default:
				t.failf("making %q: %s", key, commitText(commit))
			}
		})
		t.want(made == 1, "%d processes made %q, want one", made, key)
	}
}

// concurrentSnapshots: keys that every commit puts together are together in every range.
func concurrentSnapshots(t *trial) {
	keys := []string{"set/a", "set/b", "set/c", "set/d"}
	each := t.times(100)
	set := func(value uint64) []store.Op {
		var ops []store.Op
		for i, key := range keys {
			if value%3 == 0 && i == 1 {
				ops = append(ops, store.Delete(key))
			} else {
				ops = append(ops, store.Put(key, numberText(value)))
			}
		}
		return ops
	}
	t.together(2*writers, func(i int) {
		for range each {
			t.pause()
			if i < writers {
				t.count("counter", set)
				continue
			}
			snapshot := t.list("set/")
			for _, pair := range snapshot.Pairs {
				t.want(pair.Changed == snapshot.Pairs[0].Changed,
					"a range has %s beside %s, which were only ever put together",
					pairText(pair), pairText(snapshot.Pairs[0]))
				t.want(snapshot.Revision >= pair.Changed, "a range at %d has %s", snapshot.Revision, pairText(pair))
				t.want(snapshot.Revision == pair.Changed,
					"a range at %d lacks the commit of that revision: it has %s", snapshot.Revision, pairText(pair))
			}
		}
	})
}

// concurrentNeverBack: a read that begins after another call ended sees at least as much.
func concurrentNeverBack(t *trial) {
	var (
		mu    sync.Mutex
		floor uint64
		at    store.Revision
	)
	known := func() (uint64, store.Revision) {
		mu.Lock()
		defer mu.Unlock()
		return floor, at
	}
	learn := func(value uint64, revision store.Revision) {
		mu.Lock()
		defer mu.Unlock()
		floor, at = max(floor, value), max(at, revision)
	}
	each := t.times(150)
	t.together(2*writers, func(i int) {
		for range each {
			t.pause()
			if i < writers {
				learn(t.count("counter", nil))
				continue
			}
			least, revision := known()
			pair, tells := t.getAt("counter")
			t.want(number(pair.Value) >= least && tells >= revision,
				"a read gives %d at %d after another call told of %d at %d", number(pair.Value), tells, least, revision)
			learn(number(pair.Value), tells)
			least, revision = known()
			snapshot := t.list("counter")
			for _, pair := range snapshot.Pairs {
				t.want(number(pair.Value) >= least, "a range gives %d after another call told of %d",
					number(pair.Value), least)
				learn(number(pair.Value), snapshot.Revision)
			}
			t.want(snapshot.Revision >= revision, "a range is at %d after another call told of %d",
				snapshot.Revision, revision)
		}
	})
}

// concurrentListThenWatch: a list and the changes since, applied to it, are the keys as they are, for
// every one of several watchers, while others write.
func concurrentListThenWatch(t *trial) {
	each := t.times(60)
	t.together(2*writers, func(i int) {
		if i < writers {
			for n := range each {
				key := fmt.Sprintf("set/%d", (n*7+i)%10)
				fleeting := fmt.Sprintf("set/%d", n%10+10)
				t.done(store.Put(key, numberText(uint64(n))), store.Delete(fleeting))
				t.count("set/counter", nil)
				t.done(store.Put(fleeting, nil), store.Put("other", nil))
				t.pause()
			}
			t.put(fmt.Sprintf("set/end/%d", i), "")
			return
		}
		for range 5 * (i - writers) { // so that they begin at different times
			t.pause()
		}
		list := t.list("set/")
		replayed := make(map[string]store.Pair)
		for _, pair := range list.Pairs {
			replayed[pair.Key] = pair
		}
		w := t.watch("set/", list.Revision)
		for last := list.Revision; ended(replayed) < writers; last = w.last {
			changes, err := w.tryNext(t.ctx)
			if err != nil {
				t.failf("a watch that has told of revision %d: %w", last, err)
			}
			t.replay(replayed, changes)
		}
		final := t.list("set/").Pairs
		t.want(len(final) == len(replayed),
			"a list and the changes since give %d keys of %d", len(replayed), len(final))
		for _, pair := range final {
			t.want(samePair(pair, replayed[pair.Key]), "a list and the changes since give %s, want %s",
				pairText(replayed[pair.Key]), pairText(pair))
		}
	})
}

func ended(pairs map[string]store.Pair) int {
	n := 0
	for i := range writers {
		if _, there := pairs[fmt.Sprintf("set/end/%d", i)]; there {
			n++
		}
	}
	return n
}

func (t *trial) replay(pairs map[string]store.Pair, changes []store.Change) {
	for _, change := range changes {
		key := change.Pair.Key
		before, there := pairs[key]
		t.want(there || !change.Deleted, "a watch tells that %q, which was not there, was deleted", key)
		t.want(before.Changed < change.Pair.Changed,
			"a watch tells %s after %s", changeText(change), pairText(before))
		if change.Deleted {
			delete(pairs, key)
			continue
		}
		made := !there
		t.want(made == (change.Pair.Created == change.Pair.Changed),
			"a watch tells %s, and before it the key was there: %v", changeText(change), there)
		pairs[key] = change.Pair
	}
}
