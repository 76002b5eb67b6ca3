package engine_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// drawnHost is a host on which a call that was begun ends when rapid says so.
type drawnHost struct {
	host.Host
	t       *rapid.T
	mu      sync.Mutex
	started []func()
}

func (h *drawnHost) Go(_ string, fn func()) {
	h.mu.Lock()
	h.started = append(h.started, fn)
	h.mu.Unlock()
}

func (h *drawnHost) NewSignal() host.Signal { return drawnSignal{h} }

type drawnSignal struct{ *drawnHost }

func (s drawnSignal) Wake() {}

func (s drawnSignal) Wait(context.Context, time.Duration) (bool, error) {
	for more := true; more && len(s.started) > 0; more = rapid.Bool().Draw(s.t, "one more ends") {
		n := rapid.IntRange(0, len(s.started)-1).Draw(s.t, "which ends")
		fn := s.started[n]
		s.started = slices.Delete(s.started, n, n+1)
		fn()
	}
	return true, nil
}

// plot is a random flow with retries. Which task fails is decided by the attempts of the retries around it,
// so that who goes on after a crash meets the same.
type plot struct {
	task    string // or empty
	pattern flow.Pattern
	parts   []*plot
	links   [][2]int // of a graph
	no      []int    // those of the links whose decider may say no
	depth   flow.Depth
	retry   string // or empty
	kind    int    // of the retry
	most    int
}

// plotter draws plots.
type plotter struct {
	t      *rapid.T
	tasks  int
	flows  int
	linear bool // nothing is side by side
	fails  int  // one in so many calls
	salt   int
}

func (p *plotter) flow(depth int) *plot {
	p.flows++
	one := &plot{pattern: flow.LinearPattern}
	if !p.linear {
		one.pattern = rapid.SampledFrom([]flow.Pattern{
			flow.LinearPattern, flow.UnorderedPattern, flow.GraphPattern,
		}).Draw(p.t, "pattern")
	}
	if depth == 3 || rapid.Bool().Draw(p.t, "with a retry") {
		one.retry = fmt.Sprint("r", p.flows)
		one.kind, one.most = rapid.IntRange(0, 5).Draw(p.t, "kind"), rapid.IntRange(1, 3).Draw(p.t, "most")
	}
	for range rapid.IntRange(1, 3).Draw(p.t, "parts") {
		if depth == 0 || p.tasks > 6 || rapid.IntRange(0, 2).Draw(p.t, "a task") == 0 {
			p.tasks++
			one.parts = append(one.parts, &plot{task: fmt.Sprint("t", p.tasks)})
		} else {
			one.parts = append(one.parts, p.flow(depth-1))
		}
	}
	if one.pattern == flow.GraphPattern {
		one.depth = flow.Depth(rapid.IntRange(0, 3).Draw(p.t, "depth"))
		for to := range one.parts {
			for from := range to {
				if rapid.Bool().Draw(p.t, "link") {
					if rapid.IntRange(0, 3).Draw(p.t, "decider") == 0 {
						one.no = append(one.no, len(one.links))
					}
					one.links = append(one.links, [2]int{from, to})
				}
			}
		}
	}
	return one
}

func (p *plot) String() string {
	if p.task != "" {
		return p.task
	}
	text := fmt.Sprint(p.pattern, "[")
	if p.retry != "" {
		text = fmt.Sprintf("%s/%d/%d:", p.retry, p.kind, p.most) + text
	}
	for i, part := range p.parts {
		if i > 0 {
			text += " "
		}
		text += part.String()
	}
	if len(p.links) > 0 {
		text += fmt.Sprintf(" %v no %v %s", p.links, p.no, p.depth)
	}
	return text + "]"
}

// one of so many, decided by what is told about the call.
func (p *plotter) unlucky(of int, about ...any) bool {
	h := fnv.New32a()
	fmt.Fprint(h, p.salt, about)
	return h.Sum32()>>3%uint32(of) == 0
}

func (p *plotter) build(r *retrial, one *plot, around []string) flow.Item {
	if one.task != "" {
		return p.buildTask(r, one.task, around)
	}
	f := map[flow.Pattern]func(string, ...flow.Item) *flow.Flow{
		flow.LinearPattern: flow.Linear, flow.UnorderedPattern: flow.Unordered, flow.GraphPattern: flow.Graph,
	}[one.pattern](fmt.Sprint("f", one.parts[0].first()))
	if one.retry != "" {
		around = append(slices.Clone(around), one.retry)
		f.WithRetry(r.watched(one.retry, one.retry, p.buildRetry(one)))
	}
	for _, part := range one.parts {
		f.Add(p.build(r, part, around))
	}
	for n, l := range one.links {
		from, to := f.Items()[l[0]], f.Items()[l[1]]
		if !slices.Contains(one.no, n) {
			f.Link(from, to)
			continue
		}
		decider := func(results flow.Args) bool { return !p.unlucky(2, "no", n, values(results)) }
		f.LinkIf(from, to, decider, one.depth)
	}
	return f
}

// first is the name of the first task, by which a flow is named.
func (p *plot) first() string {
	if p.task != "" {
		return p.task
	}
	return "f" + p.parts[0].first()
}

func (p *plotter) buildTask(r *retrial, name string, around []string) *flow.Task {
	t := r.step(name)
	t.Optional, t.Provides = around, ""
	execute, revert := t.Execute, t.Revert
	t.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		_, _ = execute(ctx, args)
		if p.unlucky(p.fails, name, values(args)) {
			return nil, fmt.Errorf("no%s", values(args))
		}
		return values(args), nil
	}
	t.Revert = func(ctx context.Context, args flow.Args, of flow.Undo) error {
		_ = revert(ctx, args, of)
		if p.unlucky(40, "undo", name, values(args)) {
			return errors.New("stuck")
		}
		return nil
	}
	return t
}

func (p *plotter) buildRetry(one *plot) *flow.Retry {
	switch one.kind {
	case 0:
		return flow.AlwaysRevert()
	case 1:
		return flow.Times(one.most).OrRevertAll()
	case 2:
		return flow.ForEach([]any{"a", "b", "a"}[:one.most]...)
	default:
		return flow.Times(one.most)
	}
}

// A random flow that is cut short any number of times, without anything side by side, makes the calls of one
// that is not, and comes to the same.
func TestRetryRandomLinear(t *testing.T) {
	ends := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := &plotter{t: t, linear: true, salt: rapid.IntRange(0, 1<<20).Draw(t, "salt")}
		p.fails = rapid.IntRange(2, 6).Draw(t, "fails")
		one := p.flow(3)
		kind := rapid.SampledFrom(engineKinds[:3]).Draw(t, "kind")
		deferred := rapid.Bool().Draw(t, "deferred")
		whole, r := newRetrial(t, kind), newRetrial(t, kind)
		whole.config.DeferReverts, r.config.DeferReverts = deferred, deferred
		end := whole.run(p.build(whole, one, nil).(*flow.Flow))
		ends[end]++
		var calls []string
		for final := ""; final != end; {
			final = p.life(r, one)
			calls = append(calls, r.take()...)
			if final != "killed" && final != "SUSPENDED" && final != end {
				t.Fatalf("%s: it ended in %s, want %s", one, final, end)
			}
		}
		if diff := cmp.Diff(whole.calls, calls); diff != "" {
			t.Fatalf("%s: the calls differ (-whole +cut short):\n%s", one, diff)
		}
		if diff := cmp.Diff(standing(whole.engine), r.recorded(p.build(r, one, nil).(*flow.Flow))); diff != "" {
			t.Fatalf("%s: what came of it differs (-whole +cut short):\n%s", one, diff)
		}
	})
	for _, end := range []string{"SUCCESS", "REVERTED", "FAILURE"} {
		if ends[end] < least(1) {
			t.Errorf("none ended in %s: %v", end, ends)
		}
	}
}

// life is one engine, which may be cut short. Of the calls those are kept that the logbook knows of.
func (p *plotter) life(r *retrial, one *plot) (end string) {
	r.store.at, r.suspendAt = 0, 0
	n := rapid.IntRange(2, 12).Draw(p.t, "at")
	switch rapid.IntRange(0, 3).Draw(p.t, "cut") {
	case 1:
		r.store.at, r.store.how = r.store.saves+n, diesBefore
	case 2:
		r.store.at, r.store.how = r.store.saves+n, diesAfter
	case 3:
		r.suspendAt = n
	}
	end = r.run(p.build(r, one, nil).(*flow.Flow))
	if end == "killed" {
		r.calls = r.calls[:r.saved]
		switch found := r.found(p.build(r, one, nil).(*flow.Flow)).FlowState(); found {
		case state.Success, state.Reverted, state.Failure:
			return string(found)
		}
	}
	return end
}

// A random flow with everything side by side, whose calls end in any order and which is cut short at any
// time, ends with nothing left in between.
func TestRetryRandom(t *testing.T) {
	ends := map[string]int{}
	for range 3 {
		rapid.Check(t, func(t *rapid.T) {
			p := &plotter{t: t, salt: rapid.IntRange(0, 1<<20).Draw(t, "salt")}
			p.fails = rapid.IntRange(2, 6).Draw(t, "fails")
			one := p.flow(3)
			workers := rapid.IntRange(1, 4).Draw(t, "workers")
			r := newRetrial(t, engineKind{
				workers: workers, host: func() host.Host { return &drawnHost{Host: host.Real(), t: t} },
				states: rapid.Bool().Draw(t, "states"),
			})
			r.config.DeferReverts = rapid.Bool().Draw(t, "deferred")
			var lives [][]string
			end, died := "killed", false
			for end == "killed" || end == "SUSPENDED" {
				end = p.life(r, one)
				died = died || end == "killed"
				lives = append(lives, r.take())
			}
			ends[end]++
			e := r.found(p.build(r, one, nil).(*flow.Flow))
			problem := leftBetween(e, end, died) + neverTwice(lives, died) + one.outOfOrder(e)
			if problem != "" {
				t.Fatalf("%s: it ended in %s:\n%s%s\nlives: %q", one, end, standing(e), problem, lives)
			}
		})
	}
	for _, end := range []string{"SUCCESS", "REVERTED", "FAILURE"} {
		if ends[end] < least(1) {
			t.Errorf("none ended in %s: %v", end, ends)
		}
	}
}

// leftBetween says what is wrong with the atoms of a flow that has ended. What was being called when an
// engine died is left as it is if a revert had failed before.
func leftBetween(e *engine.Engine, end string, died bool) (problems string) {
	if string(e.FlowState()) != end {
		problems += "\nrecorded is " + string(e.FlowState())
	}
	broken := false
	for _, a := range e.Atoms() {
		broken = broken || a.State == state.RevertFailure
		allowed := []state.State{state.Success, state.Ignore}
		switch end {
		case "REVERTED":
			allowed = append(allowed, state.Pending, state.Reverted)
		case "FAILURE":
			allowed = append(allowed, state.Pending, state.Reverted, state.Failure, state.RevertFailure)
			if died {
				allowed = append(allowed, state.Running, state.Reverting)
			}
		}
		if !slices.Contains(allowed, a.State) {
			problems += fmt.Sprintf("\n%s is in %s", a.Name, a.State)
		}
		if a.State == state.Success && a.Retry == (len(a.History) == 0) {
			problems += fmt.Sprintf("\n%s is done, and its history is %s", a.Name, shownHistory(a.History))
		}
	}
	if broken != (end == "FAILURE") || (len(e.Failures()) == 0) != (end == "SUCCESS") {
		problems += fmt.Sprintf("\nthe failures are %v", e.Failures())
	}
	return problems
}

// atoms is the names of all atoms of a plot.
func (p *plot) atoms() (names []string) {
	if p.task != "" {
		return []string{p.task}
	}
	if p.retry != "" {
		names = append(names, p.retry)
	}
	for _, part := range p.parts {
		names = append(names, part.atoms()...)
	}
	return names
}

// before calls each for every two atoms of which the one comes before the other.
func (p *plot) before(each func(one, other string)) {
	all := func(some, others []string) {
		for _, one := range some {
			for _, other := range others {
				each(one, other)
			}
		}
	}
	for i, part := range p.parts {
		part.before(each)
		if p.retry != "" {
			all([]string{p.retry}, part.atoms())
		}
		if p.pattern == flow.LinearPattern && i > 0 {
			all(p.parts[i-1].atoms(), part.atoms())
		}
	}
	for _, l := range p.links {
		all(p.parts[l[0]].atoms(), p.parts[l[1]].atoms())
	}
}

// outOfOrder says which atoms are done although some that come before them are not.
func (p *plot) outOfOrder(e *engine.Engine) (problems string) {
	is := map[string]state.State{}
	for _, a := range e.Atoms() {
		is[a.Name] = a.State
	}
	p.before(func(one, other string) {
		if is[other] == state.Success && is[one] != state.Success && is[one] != state.Ignore {
			problems += fmt.Sprintf("\n%s is done, and %s, which comes before it, is in %s", other, one, is[one])
		}
	})
	return problems
}

// neverTwice says what is wrong with the calls of one life after the other: in one life no task is executed
// or reverted twice in a row, and unless an engine died, none is reverted that was never executed.
func neverTwice(lives [][]string, died bool) (problems string) {
	begun := map[string]bool{}
	for n, calls := range lives {
		last := map[string]string{}
		for _, call := range calls {
			name, _, _ := strings.Cut(strings.TrimPrefix(call, "undo "), "(")
			if !strings.HasPrefix(name, "t") {
				continue
			}
			verb := "executed"
			if strings.HasPrefix(call, "undo ") {
				verb = "reverted"
			}
			if last[name] == verb {
				problems += fmt.Sprintf("\nlife %d: %s is %s twice", n, name, verb)
			}
			if verb == "reverted" && !begun[name] && !died {
				problems += fmt.Sprintf("\nlife %d: %s is reverted and was never executed", n, name)
			}
			last[name], begun[name] = verb, true
		}
	}
	return problems
}
