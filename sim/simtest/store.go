package simtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"derail/core/host"
	"derail/core/store/storetest"
	"derail/sim/kernel"
)

// CheckStore holds a store against the contract of package store. open makes an empty one that takes its
// time, its goroutines and its chance from h; of what it returns, the host is filled in, and so is a TTL of a
// second where there is none.
//
// Every case of [storetest.Cases] is tried in the simplest order of events. Then rapid draws cases with
// orders of their own: which of the processes that could go on does, and which of two events at one instant
// comes first. What holds in all of them holds on a real machine as far as order goes; durability is a matter
// for tests of the store's own.
func CheckStore(t TB, open func(h host.Host) storetest.Fixture) {
	t.Helper()
	for _, c := range storetest.Cases() {
		if err := tryStore(c, open, &choices{}, false); err != nil {
			t.Fatalf("the store breaks the contract, in the simplest order of events: %s: %v", c.Name, err)
		}
	}
	search := &storeTrial{open: open}
	rapid.Check(&reporter{TB: t, search: search}, search.property)
	t.Log("the store kept the contract in " + plural(len(storetest.Cases())+search.cases, "case"))
}

// storeTrial is one store's search.
type storeTrial struct {
	open   func(h host.Host) storetest.Fixture
	cases  int
	wanted string // the case that failed first
	latest string // what there is to say of the latest failure
}

func (t *storeTrial) property(r *rapid.T) {
	if says := t.try(r); says != "" {
		r.Fatal(says)
	}
}

// try draws an order and tries the cases in it; once one has failed, that one alone.
func (t *storeTrial) try(r *rapid.T) string {
	order := drawChoices(r)
	for _, c := range storetest.Cases() {
		if t.wanted != "" && t.wanted != c.Name || !inOrders(c) {
			continue
		}
		t.cases++
		if err := tryStore(c, t.open, &order, true); err != nil {
			t.wanted = c.Name
			t.latest = fmt.Sprintf("the store breaks the contract: %s: %v\n\nThe order of events: %s\n",
				c.Name, err, order.names())
			return c.Name
		}
	}
	return ""
}

func (t *storeTrial) found() bool { return t.latest != "" }

func (t *storeTrial) hurried() bool { return false }

func (t *storeTrial) story(again []string) string {
	var b strings.Builder
	b.WriteString(t.latest)
	tellAgain(&b, again)
	return b.String()
}

// inOrders reports whether a case is worth another order of events. Those that draw programs look for smaller
// ones by themselves, which is not to happen in the middle of a search.
func inOrders(c storetest.Case) bool { return !strings.HasPrefix(c.Name, "model/") }

// names tells which drawers are not answered in the benign way.
func (c *choices) names() string {
	var some []string
	for drawer, r := range c {
		if r != benign {
			some = append(some, fmt.Sprintf("drawer %d by rule %d", drawer, r))
		}
	}
	if len(some) == 0 {
		return "each choice the first possible one"
	}
	return "each choice the first possible one, except for those in " + strings.Join(some, ", ")
}

// tryStore runs one case as a process of a simulated machine.
func tryStore(
	c storetest.Case, open func(h host.Host) storetest.Fixture, order *choices, slow bool,
) (err error) {
	const done, limit = "done", int64(24 * time.Hour)
	k := kernel.New(kernel.Config{Source: order.source()})
	defer k.Close()
	machine := k.Node("store-test").Boot()
	machine.Go("case", func() {
		f := open(machine)
		f.Host = machine
		f.Slow = f.Slow || slow
		if f.TTL == 0 {
			f.TTL = time.Second
		}
		err = c.Check(context.Background(), f)
		k.Halt(done)
	})
	if stop := k.Run(limit); stop.Reason != kernel.Halted || stop.Cause != done {
		return fmt.Errorf("the case did not come to its end: %v", stop)
	}
	return err
}
