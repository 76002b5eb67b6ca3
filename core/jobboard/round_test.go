package jobboard

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// unreliable is a store whose watches leave out or repeat what they tell, and whose lists can be old.
type unreliable struct {
	store.Store
	mu           sync.Mutex
	drop, repeat bool
	old          *store.Snapshot // of the board
	lists        atomic.Int64
}

func (u *unreliable) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	u.lists.Add(1)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.old != nil && prefix == boardPrefix {
		return *u.old, nil
	}
	return u.Store.Range(ctx, prefix)
}

func (u *unreliable) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	w, err := u.Store.Watch(ctx, prefix, since)
	return &mumbling{Watcher: w, u: u}, err
}

// mumbling is a watch that leaves out everything, or tells it twice.
type mumbling struct {
	store.Watcher
	u     *unreliable
	again []store.Change
}

func (m *mumbling) Next(ctx context.Context) ([]store.Change, error) {
	if again := m.again; again != nil {
		m.again = nil
		return again, nil
	}
	for {
		changes, err := m.Watcher.Next(ctx)
		switch {
		case err != nil:
			return nil, err
		case m.u.repeat:
			m.again = append([]store.Change{}, changes...)
		case m.u.drops():
			continue
		}
		return changes, nil
	}
}

// set makes lists be that old one, and watches say no more.
func (u *unreliable) set(old *store.Snapshot, deaf bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.old, u.drop = old, deaf
}

func (u *unreliable) drops() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.drop
}

// overUnreliable runs work with a view over an unreliable store.
func overUnreliable(t *testing.T, relist time.Duration, work func(l *lookout, u *unreliable)) {
	t.Helper()
	inOffice(t, func(o *office) {
		u := &unreliable{Store: o.store.Store}
		b := New(Config{Store: u, Host: host.Real(), Relist: relist})
		l := &lookout{office: o, session: o.session("a")}
		l.View = b.NewView(l.session, host.Real().NewSignal())
		ctx, end := host.WithCancel(o.ctx)
		go l.Follow(ctx)
		time.Sleep(time.Second)
		work(l, u)
		end(nil)
	})
}

// TestDroppedWatch: what a watch leaves out is found by the next list, and claims by what the view believes
// until then are refused.
func TestDroppedWatch(t *testing.T) {
	overUnreliable(t, time.Minute, func(l *lookout, u *unreliable) {
		l.post("j")
		time.Sleep(time.Second)
		stale := *l.job("j")
		u.set(nil, true)
		l.post("k")
		c := l.claim(l.office.session("b"), "j")
		time.Sleep(time.Second)
		l.expect("j") // which it is not any more
		if _, err := l.Claim(l.ctx, l.session, &stale); err == nil {
			l.Error("a job was claimed twice")
		}
		waited := 2
		for ; waited < 90 && l.next() != "k"; waited++ {
			l.Refresh(time.Now())
			time.Sleep(time.Second)
		}
		if waited < 58 || waited > 80 {
			l.Errorf("it took %d seconds", waited)
		}
		l.must(l.Consume(l.ctx, c))
	})
	overUnreliable(t, -1, func(l *lookout, u *unreliable) {
		lists := u.lists.Load()
		for range 1000 {
			l.Refresh(time.Now())
			time.Sleep(time.Second)
		}
		if n := u.lists.Load(); n != lists {
			l.Errorf("%d lists although there are to be none", n-lists)
		}
		l.Doubt()
		time.Sleep(time.Second)
		if u.lists.Load() != lists+1 {
			l.Error("no list when there was doubt")
		}
	})
}

// TestRepeatedWatch: what is told twice changes nothing, also where it is out of date by then.
func TestRepeatedWatch(t *testing.T) {
	overUnreliable(t, -1, func(l *lookout, u *unreliable) {
		u.repeat = true
		l.post("j")
		time.Sleep(time.Second)
		l.expect("j")
		c := l.claim(l.session, "j")
		l.Claimed(c)
		time.Sleep(time.Second)
		if !l.Holds(c) || l.Losses() != 0 || l.Orphan(func(id string) bool { return id == "j" }) != nil {
			l.Error("a claim that was told twice is lost, or an orphan")
		}
		l.must(l.Consume(l.ctx, c))
		l.Released(c)
		time.Sleep(time.Second)
		l.expect("none")
		if l.Orphan(nobody) != nil {
			l.Error("a job that is gone is an orphan")
		}
	})
}

// TestOldList: a list that is older than what is known is not believed, unless the lists go on like that:
// then the store has gone back, and so does the view.
func TestOldList(t *testing.T) {
	overUnreliable(t, -1, func(l *lookout, u *unreliable) {
		l.post("j")
		old, err := l.store.Range(l.ctx, boardPrefix)
		l.must(err)
		c := l.claim(l.session, "j")
		l.Claimed(c)
		l.must(l.Consume(l.ctx, c))
		l.Released(c)
		time.Sleep(time.Second)
		l.expect("none")
		u.set(&old, false)
		lists := u.lists.Load()
		l.Doubt()
		time.Sleep(500 * time.Millisecond)
		l.expect("none")
		u.set(nil, false)
		time.Sleep(10 * time.Second)
		l.expect("none")
		if n := u.lists.Load() - lists; n < 3 {
			l.Errorf("%d lists", n)
		}
		l.post("k")
		time.Sleep(time.Second)
		losses := l.Losses()
		u.set(&old, true)
		l.Doubt()
		time.Sleep(10 * time.Second)
		l.expect("j") // which it is again, as far as anybody says
		if l.Losses() == losses {
			l.Error("nobody was told to ask after the claims")
		}
	})
}
