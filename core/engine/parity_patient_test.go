package engine_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// patient is a host on which one atom's call is held back until nothing else is left to do: what has not
// begun by then comes after that atom. It runs one call at a time, in the order in which they began.
type patient struct {
	host.Host
	held    string
	mu      sync.Mutex
	begun   []string // the atoms that were told to begin and whose calls have not been handed over yet
	seen    []string // all that have begun
	pending []pendingCall
	open    []string // those that had begun when only the held call was left
}

type pendingCall struct {
	atom string
	fn   func()
}

// Hear learns whose call the next one is.
func (p *patient) Hear(e *event.Event) {
	if e.Kind != event.FlowMoved && e.To == state.Running {
		p.begun = append(p.begun, e.Atom)
		p.seen = append(p.seen, e.Atom)
	}
}

// Go keeps the call until somebody waits.
func (p *patient) Go(_ string, fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = append(p.pending, pendingCall{p.begun[0], fn})
	p.begun = p.begun[1:]
}

// NewSignal returns a place to wait for one call.
func (p *patient) NewSignal() host.Signal { return &patience{p} }

type patience struct{ *patient }

// Wait makes the next call, and the one that is held back only when there is no other.
func (p *patience) Wait(context.Context, time.Duration) (bool, error) {
	p.mu.Lock()
	at := slices.IndexFunc(p.pending, func(c pendingCall) bool { return c.atom != p.held })
	if at < 0 {
		at = 0
		p.open = slices.Clone(p.seen)
	}
	next := p.pending[at]
	p.pending = slices.Delete(p.pending, at, at+1)
	p.mu.Unlock()
	next.fn()
	return true, nil
}

func (p *patience) Wake() {}

// comesAfter says for each atom which others begin only when it has ended, in the flow's order: what the
// compiled graph comes to.
func comesAfter(t *testing.T, f func() *flow.Flow) string {
	t.Helper()
	var lines []string
	e := newScene(t, kinds[0]).engine(f())
	for _, one := range e.Atoms() {
		s := newScene(t, kind{workers: 64, host: host.Real})
		p := &patient{Host: host.Real(), held: one.Name}
		s.config.Host, s.config.Listener = p, p
		s.run(f(), state.Success)
		line := one.Name + ":"
		for _, other := range e.Atoms() {
			if !slices.Contains(p.open, other.Name) {
				line += " " + other.Name
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// watchers says of each task which retry is asked first when it fails, and which then.
func watchers(t *testing.T, f func(failing string, asked *[]string) *flow.Flow) string {
	t.Helper()
	var none []string
	var lines []string
	for _, a := range newScene(t, kinds[0]).engine(f("", &none)).Atoms() {
		if a.Retry {
			continue
		}
		var asked []string
		newScene(t, kinds[0]).run(f(a.Name, &asked), state.Reverted)
		lines = append(lines, a.Name+": "+strings.Join(asked, " "))
	}
	return strings.Join(lines, "; ")
}

// watching is a retry that notes that it was asked.
func watching(name string, asked *[]string) *flow.Retry {
	r := flow.AlwaysRevert().Named(name)
	decide := r.OnFailure
	r.OnFailure = func(args flow.Args, past flow.History) flow.Decision {
		*asked = append(*asked, name)
		return decide(args, past)
	}
	return r
}
