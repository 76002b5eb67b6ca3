package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"derail/core/store"
)

func readCases() []Case {
	return []Case{
		newCase("read/absent", readAbsent),
		newCase("read/put", readPut),
		newCase("read/overwritten", readOverwritten),
		newCase("read/recreated", readRecreated),
		newCase("read/values", readValues),
		newCase("read/value-stays", readValueStays),
		newCase("read/latest", readLatest),
		newCase("range/order", rangeOrder),
		newCase("range/prefixes", rangePrefixes),
		newCase("range/empty", rangeEmpty),
		newCase("range/many", rangeMany),
	}
}

func readAbsent(t *trial) {
	t.wantAbsent("absent")
	at := t.put("present", "value")
	pair, revision := t.getAt("absent")
	t.want(pair.Changed == 0 && pair.Created == 0 && len(pair.Value) == 0, "an absent key is %s", pairText(pair))
	t.want(revision == at, "reading an absent key tells revision %d, want the store's %d", revision, at)
}

func readPut(t *trial) {
	at := t.put("key", "value")
	want := store.Pair{Key: "key", Value: []byte("value"), Created: at, Changed: at}
	pair, revision := t.getAt("key")
	t.want(samePair(pair, want), "got %s, want %s", pairText(pair), pairText(want))
	t.want(revision == at, "the read tells revision %d, want %d", revision, at)
	later := t.put("other", "value")
	pair, revision = t.getAt("key")
	t.want(samePair(pair, want), "after a put of another key: got %s, want %s", pairText(pair), pairText(want))
	t.want(revision == later, "the read tells revision %d, want the store's %d, not the key's", revision, later)
}

func readOverwritten(t *trial) {
	created := t.put("key", "one")
	for _, value := range []string{"two", "two", ""} { // the same value again is a change, too
		changed := t.put("key", value)
		pair := t.wantValue("key", value)
		t.want(pair.Created == created, "an overwritten key was created at %d, want %d", pair.Created, created)
		t.want(pair.Changed == changed, "an overwritten key changed at %d, want %d", pair.Changed, changed)
	}
}

func readRecreated(t *trial) {
	t.put("key", "one")
	t.put("key", "two")
	t.wantValue("key", "two")
	t.done(store.Delete("key"))
	t.wantAbsent("key")
	again := t.put("key", "three")
	pair := t.wantValue("key", "three")
	t.want(pair.Created == again && pair.Changed == again,
		"a key made again is %s, want it created and changed at %d", pairText(pair), again)
}

func readValues(t *trial) {
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	values := [][]byte{nil, {}, {0}, []byte("text"), binary, bytes.Repeat(binary, 400)}
	for i, value := range values {
		before := bytes.Clone(value)
		t.done(store.Put("key", value))
		pair := t.get("key")
		t.want(pair.Changed != 0, "value %d: a key with %d bytes is absent", i, len(value))
		t.want(bytes.Equal(pair.Value, before), "value %d came back as %.60q, want %.60q", i, pair.Value, before)
		t.want(bytes.Equal(value, before), "value %d: the store changed the caller's bytes", i)
	}
}

// readValueStays: what a read gave out is shared, so no later call may change it.
func readValueStays(t *trial) {
	t.put("key", "first")
	pair := t.wantValue("key", "first")
	listed := t.list("key").Pairs
	t.put("key", "again")
	t.wantValue("key", "again")
	t.list("key")
	t.done(store.Delete("key"))
	t.put("other", "other")
	t.wantValue("other", "other")
	t.want(string(pair.Value) == "first", "a value that was read turned into %q", pair.Value)
	t.want(len(listed) == 1 && string(listed[0].Value) == "first", "a value that was listed turned into another")
}

// readLatest: a read sees every commit that was done before it began.
func readLatest(t *trial) {
	last := store.Revision(0)
	for i := range t.times(200) {
		value := fmt.Sprint(i)
		at := t.put("key", value)
		pair, revision := t.getAt("key")
		t.want(string(pair.Value) == value, "after the put of %q a read gives %q", value, pair.Value)
		t.want(revision >= at && revision > last, "after a put at %d a read tells revision %d", at, revision)
		snapshot := t.list("key")
		t.want(len(snapshot.Pairs) == 1 && string(snapshot.Pairs[0].Value) == value,
			"after the put of %q a range gives %d pairs", value, len(snapshot.Pairs))
		t.want(snapshot.Revision >= at, "after a put at %d a range tells revision %d", at, snapshot.Revision)
		last = revision
	}
}

func rangeOrder(t *trial) {
	keys := []string{"m", "b", "z", "a", "ba", "b/2", "b/10", "B", "b/1", "é", "0"}
	revisions := make(map[string]store.Revision)
	for _, key := range keys {
		revisions[key] = t.put(key, "value of "+key)
	}
	snapshot := t.list("")
	slices.Sort(keys)
	t.want(len(snapshot.Pairs) == len(keys), "a range gives %d pairs, want %d", len(snapshot.Pairs), len(keys))
	for i, key := range keys {
		at, got := revisions[key], snapshot.Pairs[i]
		want := store.Pair{Key: key, Value: []byte("value of " + key), Created: at, Changed: at}
		t.want(samePair(got, want), "pair %d of a range is %s, want %s", i, pairText(got), pairText(want))
	}
	at := revisions["0"] // the last that was put
	t.want(snapshot.Revision == at, "a range tells revision %d, want %d", snapshot.Revision, at)
}

// edgeKeys are where the end of a prefix's range is easily got wrong.
var edgeKeys = []string{
	"\x00", "\x00\x00", "a", "a\x00", "a\x00b", "a/", "a/b", "a0", "aa", "a\xff", "a\xff\x00", "a\xff\xff",
	"a\xff\xffb", "b", "b\x00", "\xfe", "\xfe\xff", "\xff", "\xff\x00", "\xff\xff", "\xff\xff\xff",
	"%", "_", "a%b", "*",
}

func rangePrefixes(t *trial) {
	for _, key := range edgeKeys {
		t.put(key, key)
	}
	sorted := slices.Sorted(slices.Values(edgeKeys))
	prefixes := append([]string{"", "c", "a/b/c", "\xff\xff\xff\xff", "a\xfe"}, edgeKeys...)
	for _, prefix := range prefixes {
		want := slices.DeleteFunc(slices.Clone(sorted), func(key string) bool {
			return !strings.HasPrefix(key, prefix)
		})
		var got []string
		for _, pair := range t.list(prefix).Pairs {
			got = append(got, pair.Key)
			t.want(string(pair.Value) == pair.Key, "the range of %q has %q at %q", prefix, pair.Value, pair.Key)
		}
		t.want(slices.Equal(got, want), "the range of %q is %q, want %q", prefix, got, want)
	}
}

func rangeEmpty(t *trial) {
	snapshot := t.list("")
	t.want(len(snapshot.Pairs) == 0, "an empty store has %d pairs", len(snapshot.Pairs))
	t.put("a", "value")
	at := t.done(store.Delete("a"))
	for _, prefix := range []string{"", "a", "b"} {
		snapshot := t.list(prefix)
		t.want(len(snapshot.Pairs) == 0, "the range of %q has %d pairs, want none", prefix, len(snapshot.Pairs))
		t.want(snapshot.Revision == at, "an empty range tells revision %d, want %d", snapshot.Revision, at)
	}
}

// rangeMany goes past the page of any store that reads in pages.
func rangeMany(t *trial) {
	const perCommit = 50
	commits := t.times(60)
	for i := range commits {
		ops := make([]store.Op, 0, perCommit)
		for k := range perCommit {
			ops = append(ops, store.Put(fmt.Sprintf("many/%06d", (k*commits+i)*7919%1_000_003), []byte{byte(k)}))
		}
		t.done(ops...)
	}
	pairs := t.list("many/").Pairs
	t.want(len(pairs) == commits*perCommit, "a range gives %d pairs, want %d", len(pairs), commits*perCommit)
	for i := 1; i < len(pairs); i++ {
		t.want(pairs[i-1].Key < pairs[i].Key, "%q comes before %q", pairs[i-1].Key, pairs[i].Key)
	}
}
