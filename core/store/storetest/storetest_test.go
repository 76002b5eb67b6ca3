package storetest_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/core/store/storetest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Programs fail here on purpose: keep no record of them, and do not look for smaller ones.
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "0s"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// check runs one case against a memory store wrapped by wrap, in a bubble, where patience costs no
// time and a process that the case leaves behind is a deadlock.
func check(t *testing.T, c storetest.Case, wrap func(store.Store) store.Store) (err error) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New(host.Real())
		defer s.Close()
		err = c.Check(t.Context(), storetest.Fixture{
			Store: wrap(s),
			Host:  host.Real(),
			TTL:   time.Second,
			Compact: func(_ context.Context, upTo store.Revision) error {
				s.Compact(upTo)
				return nil
			},
		})
	})
	return err
}

// TestBrokenStoresFail: every store that breaks the contract fails the case that is about it, and
// every case is failed by some store, so none of them is there for show.
func TestBrokenStoresFail(t *testing.T) {
	cases := storetest.Cases()
	failedBy := make(map[string][]string)
	all := broken()
	tried := 0
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			tried++
			failed := make(map[string]error)
			for _, c := range cases {
				if err := check(t, c, b.wrap); err != nil {
					failed[c.Name] = err
					failedBy[c.Name] = append(failedBy[c.Name], b.name)
					t.Logf("%s: %.300v", c.Name, err)
				}
			}
			for _, name := range b.fails {
				if failed[name] == nil {
					t.Errorf("%s does not notice", name)
				}
			}
		})
	}
	for _, c := range cases {
		if tried == len(all) && len(failedBy[c.Name]) == 0 {
			t.Errorf("no broken store fails %s", c.Name)
		}
	}
}

// TestHealthyStorePasses also shows that what the broken ones fail by is not the wrapping.
func TestHealthyStorePasses(t *testing.T) {
	for _, c := range storetest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := check(t, c, func(s store.Store) store.Store { return &wrapped{Store: s} }); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCaseNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range storetest.Cases() {
		if seen[c.Name] || strings.ContainsAny(c.Name, " \t") || strings.Count(c.Name, "/") != 1 {
			t.Errorf("%q is no name for a case, or that of two", c.Name)
		}
		seen[c.Name] = true
	}
	for _, b := range broken() {
		for _, name := range b.fails {
			if !seen[name] {
				t.Errorf("%s wants to fail %q, which is no case", b.name, name)
			}
		}
	}
}

// TestRun: Run opens a store for each case, drives it by the fixture's Do, and asks for less of a slow
// one.
func TestRun(t *testing.T) {
	var opened, driven []string
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		s := memory.New(host.Real())
		t.Cleanup(s.Close)
		opened = append(opened, t.Name())
		return storetest.Fixture{
			Store: s,
			Host:  host.Real(),
			TTL:   5 * time.Millisecond,
			Slow:  true,
			Do: func(body func(ctx context.Context)) {
				driven = append(driven, t.Name())
				body(context.Background())
			},
		}
	})
	var want []string
	for _, c := range storetest.Cases() {
		want = append(want, t.Name()+"/"+c.Name)
	}
	if !slices.Equal(opened, want) || !slices.Equal(driven, want) {
		t.Errorf("opened %v\ndrove %v\nwant %v", opened, driven, want)
	}
}

// TestPatience: a case that waits for what never comes ends when the fixture says so.
func TestPatience(t *testing.T) {
	i := slices.IndexFunc(storetest.Cases(), func(c storetest.Case) bool { return c.Name == "watch/waits" })
	deaf := func(s store.Store) store.Store {
		return &wrapped{Store: s, next: func([]store.Change) []store.Change { return nil }}
	}
	synctest.Test(t, func(t *testing.T) {
		s := memory.New(host.Real())
		defer s.Close()
		began := time.Now()
		err := storetest.Cases()[i].Check(t.Context(), storetest.Fixture{
			Store: deaf(s), Host: host.Real(), TTL: time.Second, Patience: 3 * time.Second,
		})
		if err == nil || time.Since(began) != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// TestSmallerProgram: the random program that a store fails by is told, and it is a small one.
func TestSmallerProgram(t *testing.T) {
	if err := flag.Set("rapid.shrinktime", "1m"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = flag.Set("rapid.shrinktime", "0s") }()
	cases := storetest.Cases()
	var first error
	for _, b := range broken() {
		if b.name == "deletes nothing" {
			first = check(t, cases[len(cases)-1], b.wrap)
		}
	}
	if first == nil {
		t.Fatal("a store that deletes nothing passes random programs")
	}
	text := first.Error()
	if n := strings.Count(text, "Kind:"); n == 0 || n > 3 {
		t.Errorf("a put and a delete are enough, and it took %d steps:\n%s", n, text)
	}
	if !strings.Contains(text, "delete") {
		t.Errorf("the failure does not tell the commit:\n%s", fmt.Sprint(text))
	}
}
