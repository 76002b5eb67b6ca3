package flow_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"derail/core/flow"
)

func labels(items []flow.Item) string {
	var names []string
	for _, item := range items {
		names = append(names, item.Label())
	}
	return strings.Join(names, " ")
}

func TestFlow(t *testing.T) {
	a, b, c := &flow.Task{Name: "a"}, &flow.Task{Name: "b"}, &flow.Task{Name: "c"}
	inner := flow.Unordered("inner", a, b)
	outer := flow.Linear("outer").Add(inner).Add(c)
	if inner.Label() != "inner" || inner.Pattern() != flow.UnorderedPattern || labels(inner.Items()) != "a b" {
		t.Errorf("inner is %q, %v, %q", inner.Label(), inner.Pattern(), labels(inner.Items()))
	}
	if outer.Label() != "outer" || outer.Pattern() != flow.LinearPattern || labels(outer.Items()) != "inner c" {
		t.Errorf("outer is %q, %v, %q", outer.Label(), outer.Pattern(), labels(outer.Items()))
	}
	for p, want := range map[flow.Pattern]string{
		flow.LinearPattern: "linear", flow.UnorderedPattern: "unordered", 0: "unknown", 9: "unknown",
	} {
		if p.String() != want {
			t.Errorf("pattern %d is %q, want %q", p, p, want)
		}
	}
}

// A flow made of somebody's list must not write into that list.
func TestFlowsDoNotShareItems(t *testing.T) {
	a, b, c := &flow.Task{Name: "a"}, &flow.Task{Name: "b"}, &flow.Task{Name: "c"}
	list := append(make([]flow.Item, 0, 8), a)
	first, second := flow.Linear("1", list...), flow.Unordered("2", list...)
	first.Add(b)
	second.Add(c)
	if labels(first.Items()) != "a b" || labels(second.Items()) != "a c" || labels(list) != "a" {
		t.Errorf("got %q, %q, %q", labels(first.Items()), labels(second.Items()), labels(list))
	}
}

func TestGet(t *testing.T) {
	args := flow.Args{{Name: "n", Value: int64(3)}, {Name: "none", Value: nil}, {Name: "n", Value: "second"}}
	if n, err := flow.Get[int64](args, "n"); n != 3 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if v, ok := args.Lookup("none"); v != nil || !ok {
		t.Errorf("an argument that is nil: %v, %t", v, ok)
	}
	for name, want := range map[string]string{
		"missing": `there is no argument "missing"`,
		"n":       `argument "n" is a int64, not a string`,
		"none":    `argument "none" is a <nil>, not a string`,
	} {
		if s, err := flow.Get[string](args, name); s != "" || err == nil || err.Error() != want {
			t.Errorf("%s: got %q, %v, want %s", name, s, err, want)
		}
	}
}

func TestRegistry(t *testing.T) {
	var r flow.Registry
	if _, ok := r.Lookup("a"); ok {
		t.Error("an empty registry finds something")
	}
	make := func(name string) flow.Factory {
		return func(flow.Args) (*flow.Flow, error) { return flow.Linear(name), nil }
	}
	for _, name := range []string{"a", "b"} {
		if err := r.Register(name, make(name)); err != nil {
			t.Fatal(err)
		}
	}
	if r.Register("a", make("other")) == nil || r.Register("", make("")) == nil || r.Register("c", nil) == nil {
		t.Error("a wrong registration was taken")
	}
	for _, name := range []string{"a", "b"} {
		factory, ok := r.Lookup(name)
		if !ok {
			t.Fatalf("%s is not there", name)
		}
		if f, err := factory(nil); err != nil || f.Label() != name {
			t.Errorf("the factory of %s makes %v, %v", name, f, err)
		}
	}
	if _, ok := r.Lookup("c"); ok {
		t.Error("a registration that was refused is there")
	}
}

func TestRegistryIsSafeForManyProcesses(t *testing.T) {
	var r flow.Registry
	var all sync.WaitGroup
	took := make([]bool, 8)
	for i := range took {
		all.Go(func() {
			took[i] = r.Register("a", func(flow.Args) (*flow.Flow, error) { return nil, context.Canceled }) == nil
			r.Lookup("a")
		})
	}
	all.Wait()
	if n := len(slices.DeleteFunc(took, func(ok bool) bool { return !ok })); n != 1 {
		t.Errorf("%d of 8 registrations of one name were taken", n)
	}
}
