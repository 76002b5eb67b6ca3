package host

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Waiter is told once when the [Scope] that it waits under ends. Hosts implement it; core does not.
type Waiter interface {
	// ScopeEnded must not block and must not call back into the scope.
	ScopeEnded(cause error)
}

// Scope is a context that a host can wake: ending it ends the scopes made below it and tells those
// who wait under it, in the order in which they came. The standard library's cancelable contexts
// cannot be used in core because they start goroutines and timers of their own.
//
// The zero Scope is not ready to use; [WithCancel] makes them.
type Scope struct {
	parent context.Context
	above  *Scope // the nearest scope among the ancestors, or nil

	mu       sync.Mutex
	ended    atomic.Pointer[error] // written under mu; Err, which is asked all the time, reads without
	done     chan struct{}         // made when somebody asks for it: a simulated host never does
	children []*Scope
	waiters  []Waiter
	unhook   func() // stops watching a parent that ends by itself
}

type scopeKey struct{}

// WithCancel returns a context below parent and a function that ends it with a cause, or with
// [context.Canceled] when the cause is nil. Only the first end counts. Unlike the standard
// library's, the context's Err is the cause itself.
//
// Call end also when the work is done, so that the parent forgets the scope.
func WithCancel(parent context.Context) (ctx context.Context, end func(cause error)) {
	s := &Scope{parent: parent, above: scopeOf(parent)}
	if s.above != nil {
		s.above.adopt(s)
	}
	if s.endsByItself(parent) {
		s.follow(parent)
	}
	return s, s.end
}

// endsByItself reports whether parent can end without a scope of ours ending first: the program's own
// context at the top, or one of the standard library's in between.
func (s *Scope) endsByItself(parent context.Context) bool {
	if s.above == nil {
		return parent.Done() != nil
	}
	if _, direct := parent.(*Scope); direct {
		return false // the usual case, which must not make the channels that nobody waits on
	}
	return parent.Done() != s.above.Done()
}

// follow ends s when parent ends.
func (s *Scope) follow(parent context.Context) {
	if err := parent.Err(); err != nil {
		s.end(err)
		return
	}
	unhook := watchForeign(parent, s)
	s.mu.Lock()
	ended := s.ended.Load() != nil
	if !ended {
		s.unhook = unhook
	}
	s.mu.Unlock()
	if ended {
		unhook()
	}
}

// WithTimeout is [WithCancel] with an end at a time: after d on h's clock the context ends with
// [context.DeadlineExceeded].
func WithTimeout(h Host, parent context.Context, d time.Duration) (
	ctx context.Context, end func(cause error),
) {
	ctx, end = WithCancel(parent)
	h.Go("timeout", func() {
		if h.Sleep(ctx, d) == nil {
			end(context.DeadlineExceeded)
		}
	})
	return ctx, end
}

// Watch registers w with the nearest scope of ctx. It returns an error at once when ctx has
// already ended, and a nil scope when nothing can end ctx. Call [Scope.Forget] when the wait is
// over for another reason.
func Watch(ctx context.Context, w Waiter) (*Scope, error) {
	s := scopeOf(ctx)
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ended := s.ended.Load(); ended != nil {
		return nil, *ended
	}
	s.waiters = append(s.waiters, w)
	return s, nil
}

// Forget takes w back. It is safe on a nil scope and for a w that is no longer there.
func (s *Scope) Forget(w Waiter) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.waiters) - 1; i >= 0; i-- { // the latest to come is mostly the first to go
		if s.waiters[i] == w {
			last := len(s.waiters) - 1
			copy(s.waiters[i:], s.waiters[i+1:])
			s.waiters[last] = nil
			s.waiters = s.waiters[:last]
			return
		}
	}
}

func scopeOf(ctx context.Context) *Scope {
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	return s
}

func (s *Scope) adopt(child *Scope) {
	s.mu.Lock()
	ended := s.ended.Load()
	if ended == nil {
		s.children = append(s.children, child)
	}
	s.mu.Unlock()
	if ended != nil {
		child.finish(*ended)
	}
}

func (s *Scope) disown(child *Scope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.children {
		if c == child {
			last := len(s.children) - 1
			copy(s.children[i:], s.children[i+1:])
			s.children[last] = nil
			s.children = s.children[:last]
			return
		}
	}
}

func (s *Scope) end(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	if s.finish(cause) && s.above != nil {
		s.above.disown(s)
	}
}

// finish ends s and the scopes below it. It reports whether s had not ended before.
func (s *Scope) finish(cause error) (first bool) {
	s.mu.Lock()
	if s.ended.Load() != nil {
		s.mu.Unlock()
		return false
	}
	s.ended.Store(&cause)
	children, waiters, unhook := s.children, s.waiters, s.unhook
	s.children, s.waiters, s.unhook = nil, nil, nil
	if s.done != nil {
		closeDone(s.done)
	}
	s.mu.Unlock()
	if unhook != nil {
		unhook()
	}
	for _, w := range waiters {
		w.ScopeEnded(cause)
	}
	for _, c := range children {
		c.finish(cause)
	}
	return true
}

// Deadline is the parent's: a scope's own end is kept by a process, not announced.
func (s *Scope) Deadline() (time.Time, bool) { return s.parent.Deadline() }

// Done is for drivers of real stores; waiting on it inside core is refused by the analyzer.
func (s *Scope) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = make(chan struct{})
		if s.ended.Load() != nil {
			closeDone(s.done)
		}
	}
	return s.done
}

// Err is nil until the scope ends, and then the cause.
func (s *Scope) Err() error {
	if ended := s.ended.Load(); ended != nil {
		return *ended
	}
	return nil
}

// Value finds the scope itself, or what the parent holds.
func (s *Scope) Value(key any) any {
	if _, mine := key.(scopeKey); mine {
		return s
	}
	return s.parent.Value(key)
}
