package storage_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/kernel"
	"derail/sim/storage"
)

// heard is what one Next told, and when.
type heard struct {
	at   time.Duration
	keys string
	err  error
}

// listen reads a watch until its end.
func (l *lab) listen(m *kernel.Machine, w store.Watcher) *[]heard {
	all := &[]heard{}
	m.Go("listener", func() {
		for {
			changes, err := w.Next(background)
			h := heard{at: l.now(), err: err}
			for _, c := range changes {
				h.keys += c.Pair.Key
			}
			*all = append(*all, h)
			if err != nil {
				return
			}
		}
	})
	return all
}

// writes changes a key at the server, at a time.
func (l *lab) writes(at time.Duration, keys ...string) {
	l.at(at, func() {
		for _, key := range keys {
			l.server.State().Apply(store.Txn{Then: []store.Op{store.Put(key, nil)}}, l.kernel.Now())
		}
	})
}

func (l *lab) watch(client *storage.Client, m *kernel.Machine) (w store.Watcher) {
	l.t.Helper()
	l.does(m, func() {
		var err error
		if w, err = client.Watch(background, "", 0); err != nil {
			l.t.Fatal(err)
		}
	})
	return w
}

func wantHeard(t *testing.T, got []heard, want ...heard) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(g, w heard) bool {
		return g.at == w.at && g.keys == w.keys && errors.Is(g.err, w.err)
	}) {
		t.Errorf("heard %v, want %v", got, want)
	}
}

// TestWatchLag: a change is told a link's delay after it was made, and what is made while a message is
// on its way comes along with it.
func TestWatchLag(t *testing.T) {
	l := newLab(t, setup{delay: span(10*ms, 10*ms)})
	client, m := l.connect(2)
	got := l.listen(m, l.watch(client, m))
	l.writes(100*ms, "a", "b")
	l.writes(105*ms, "c")
	l.writes(110*ms+1, "d")
	l.runs(time.Second)
	wantHeard(t, *got, heard{at: 110 * ms, keys: "abc"}, heard{at: 120*ms + 1, keys: "d"})
}

// TestWatchHearsThePast: what happened before the answer to Watch was back is told one delay after.
func TestWatchHearsThePast(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	l.writes(ms/2, "a")
	l.writes(ms+ms/2, "b")
	got := l.listen(m, l.watch(client, m))
	l.runs(time.Second)
	wantHeard(t, *got, heard{at: 3 * ms, keys: "ab"})
}

// TestWatchBreaks: a lost message breaks the connection.
func TestWatchBreaks(t *testing.T) {
	loss := scenarios.Fault{Kind: scenarios.KindNetworkLoss, Rate: scenarios.Whole, From: scenarios.Duration(150 * ms)}
	l := newLab(t, setup{faults: []scenarios.Fault{loss}})
	client, m := l.connect(2)
	got := l.listen(m, l.watch(client, m))
	l.writes(100*ms, "a")
	l.writes(200*ms, "b")
	l.runs(time.Second)
	wantHeard(t, *got, heard{at: 101 * ms, keys: "a"}, heard{at: 201 * ms, err: store.ErrUnknown})
	if n := l.subscriptions(); n != 0 {
		t.Errorf("%d subscriptions are left", n)
	}
}

// TestWatchUnheard: while nobody waits nothing is sent, and what has been pending for as long as a message
// takes is there when it is asked for, all at once; what is younger is on its way still.
func TestWatchUnheard(t *testing.T) {
	for _, c := range []struct{ asked, told time.Duration }{
		{150 * ms, 150 * ms}, {110 * ms, 110 * ms}, {104 * ms, 110 * ms},
	} {
		l := newLab(t, setup{delay: span(10*ms, 10*ms)})
		client, m := l.connect(2)
		w := l.watch(client, m)
		l.writes(100*ms, "a")
		l.writes(103*ms, "b")
		var got *[]heard
		l.at(c.asked, func() { got = l.listen(m, w) })
		l.writes(200*ms, "c")
		l.runs(time.Second)
		wantHeard(t, *got, heard{at: c.told, keys: "ab"}, heard{at: 210 * ms, keys: "c"})
	}
}

// TestWatchLosesItsPlace: a machine that stood still while the server forgot has to list again.
func TestWatchLosesItsPlace(t *testing.T) {
	l := newLab(t, setup{})
	l.server.State().Remember(4)
	client, m := l.connect(2)
	got := l.listen(m, l.watch(client, m))
	l.writes(10*ms, "a")
	l.at(20*ms, func() { m.Pause(time.Second) })
	for i := range 100 {
		l.writes(time.Duration(30+i)*ms, fmt.Sprint(i))
	}
	l.runs(time.Minute)
	wantHeard(t, *got, heard{at: 11 * ms, keys: "a"}, heard{at: time.Second + 20*ms, err: store.ErrCompacted})
	l.does(m, func() {
		if _, err := client.Watch(background, "", 0); !errors.Is(err, store.ErrCompacted) {
			t.Errorf("a watch from what is forgotten: %v", err)
		}
	})
	if n := l.subscriptions(); n != 0 {
		t.Errorf("%d subscriptions are left", n)
	}
}

// TestWatchOverAnOutage: a server that is down tells nothing, and makes up for it when it is up, be it
// sooner than was said. Leases end while it is down.
func TestWatchOverAnOutage(t *testing.T) {
	for name, c := range map[string]struct{ up, told time.Duration }{
		"to its end":   {0, 10*time.Second + ms},
		"ended before": {5 * time.Second, 5*time.Second + ms},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{})
			client, m := l.connect(2)
			w := l.watch(client, m)
			l.does(m, func() {
				lease, _ := client.Grant(background, time.Second)
				client.Commit(background, store.Txn{Then: []store.Op{store.PutLeased("a", nil, lease)}})
			})
			got := l.listen(m, w)
			l.at(100*ms, func() { l.server.Down(int64(10*time.Second), true) })
			if c.up > 0 {
				l.at(c.up, l.server.Up)
			}
			l.runs(time.Minute)
			wantHeard(t, *got, heard{at: 6 * ms, keys: "a"}, heard{at: c.told, keys: "a"})
		})
	}
}

// TestWatchEnds: whichever way a watch ends, a Next that waits ends with it, a message on its way is
// told no more, and the server serves it no longer.
func TestWatchEnds(t *testing.T) {
	cause := errors.New("over")
	type ending struct {
		client *storage.Client
		watch  store.Watcher
		end    func(error)
		next   func(error)
	}
	for name, c := range map[string]struct {
		over func(e ending)
		want error
	}{
		"closed":             {func(e ending) { e.watch.Close(); e.watch.Close() }, nil},
		"its context ended":  {func(e ending) { e.end(cause) }, cause},
		"Next's ended":       {func(e ending) { e.next(cause) }, cause},
		"both, then closed":  {func(e ending) { e.next(cause); e.end(nil); e.watch.Close() }, nil},
		"the client's close": {func(e ending) { e.client.Close(); e.next(nil) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{})
			client, m := l.connect(2)
			ctx, end := host.WithCancel(background)
			next, endNext := host.WithCancel(background)
			var w store.Watcher
			l.does(m, func() { w, _ = client.Watch(ctx, "", 0) })
			l.writes(100*ms-ms/2, "a")
			l.at(100*ms, func() { c.over(ending{client, w, end, endNext}) })
			l.does(m, func() {
				for range 2 {
					changes, err := w.Next(next)
					if err == nil || c.want != nil && !errors.Is(err, c.want) || l.now() != 100*ms {
						t.Errorf("at %v: %v, %v", l.now(), changes, err)
					}
				}
			})
			l.writes(200*ms, "b")
			l.runs(time.Second)
			if n := l.subscriptions(); n != 0 {
				t.Errorf("%d subscriptions are left", n)
			}
		})
	}
}

// TestWatchThatNobodyGot: the server serves no watch whose caller never had it.
func TestWatchThatNobodyGot(t *testing.T) {
	once := func(kind string, from time.Duration) []scenarios.Fault {
		return []scenarios.Fault{{
			Kind: kind, Rate: scenarios.Whole, From: scenarios.Duration(from), Times: 1, For: span(5*time.Second, 5*time.Second),
		}}
	}
	ending := func(after time.Duration) func(l *lab) context.Context {
		return func(l *lab) context.Context {
			ctx, end := host.WithCancel(background)
			l.at(after, func() { end(nil) })
			return ctx
		}
	}
	for name, c := range map[string]struct {
		faults []scenarios.Fault
		ctx    func(l *lab) context.Context
	}{
		"request lost":               {faults: once(scenarios.KindNetworkLoss, 0)},
		"answer lost":                {faults: once(scenarios.KindNetworkLoss, ms)},
		"request late":               {faults: once(scenarios.KindNetworkDelay, 0)},
		"answer late":                {faults: once(scenarios.KindNetworkDelay, ms)},
		"server slow":                {faults: once(scenarios.KindStorageSlow, 0)},
		"unknown, applied":           {faults: once(scenarios.KindStorageUnknownApplied, 0)},
		"refused":                    {faults: once(scenarios.KindStorageRefused, 0)},
		"gone before it arrives":     {ctx: ending(ms / 2)},
		"gone before it is answered": {ctx: ending(ms + ms/2)},
		"server slow, gone before":   {faults: once(scenarios.KindStorageSlow, 0), ctx: ending(ms + ms/2)},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{faults: c.faults})
			client, m := l.connect(2)
			ctx := background
			if c.ctx != nil {
				ctx = c.ctx(l)
			}
			l.does(m, func() {
				if _, err := client.Watch(ctx, "", 0); err == nil {
					t.Error("it was answered")
				}
			})
			l.runs(time.Minute)
			if n := l.subscriptions(); n != 0 {
				t.Errorf("%d subscriptions are left", n)
			}
		})
	}
}

// TestWatchesOfTheDead: a crash ends a machine's watches, those that are open and those that are not
// yet, and a dying process can do nothing to the server.
func TestWatchesOfTheDead(t *testing.T) {
	for _, at := range []time.Duration{0, ms / 2, ms + ms/2, 2*ms + ms/2, time.Second} {
		t.Run(at.String(), func(t *testing.T) {
			l := newLab(t, setup{})
			client, m := l.connect(2)
			l.writes(ms/4, "a")
			m.Go("watcher", func() {
				w, err := client.Watch(background, "", 0)
				if err != nil {
					return
				}
				defer w.Close()
				for {
					if changes, err := w.Next(background); err != nil || len(changes) == 0 {
						t.Errorf("it was told %v, %v", changes, err)
					}
				}
			})
			before := 0
			l.at(at, func() {
				before = l.subscriptions()
				m.Crash()
			})
			l.at(at+1, func() {
				if n := l.subscriptions(); n != before {
					t.Errorf("the dying process has left %d watches of %d", n, before)
				}
				client.Close()
			})
			l.writes(2*time.Second, "b")
			l.runs(time.Minute)
			if n := l.subscriptions(); n != 0 {
				t.Errorf("%d subscriptions of the dead are left", n)
			}
		})
	}
}

// TestWatchesLeaveTheirContext: a context that lives long does not keep the watches that ended before it.
func TestWatchesLeaveTheirContext(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	ctx, end := host.WithCancel(background)
	defer end(nil)
	l.does(m, func() {
		for range 10 {
			w, err := client.Watch(ctx, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			w.Close()
		}
	})
	if n := reflect.ValueOf(ctx).Elem().FieldByName("waiters").Len(); n != 0 {
		t.Errorf("%d watches are kept", n)
	}
}
