//go:build !production

package failpoints

import (
	"context"
	"fmt"
	"os" //detlint:allow machine the operator's terms come from the environment, as the library has it
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pingcap/failpoint"
)

// Compiled says whether the points do anything in this build.
const Compiled = true

var (
	awake    atomic.Bool // somebody may make a point fire: a run, or the operator
	operated atomic.Bool // the operator may
)

func wake() { awake.Store(true) }

// arm gives the point its term for decided runs, once, at package start: arming at the first hit
// would race between runs. The term never counts and never draws, because the library's counts and
// chance are shared by the whole process.
func arm(p *Point) {
	if err := failpoint.Enable(p.decided, "return(true)"); err != nil {
		panic("failpoints: " + p.Name + ": " + err.Error()) // the term is a constant
	}
	// Over GO_FAILPOINTS_HTTP terms can come at any time.
	if _, err := failpoint.Status(p.operator); err == nil || os.Getenv("GO_FAILPOINTS_HTTP") != "" {
		operate()
	}
}

func operate() {
	operated.Store(true)
	wake()
}

// Arm sets an operator's terms for a point while the process runs, as GO_FAILPOINTS does at its start. The
// term "off" ends it.
func Arm(name, terms string) error {
	at, known := slices.BinarySearchFunc(registered, name, func(p *Point, name string) int {
		return strings.Compare(p.Name, name)
	})
	if !known {
		return fmt.Errorf("there is no failpoint %q", name)
	}
	if err := failpoint.Enable(registered[at].operator, terms); err != nil {
		return fmt.Errorf("failpoint %s: %w", name, err)
	}
	operate()
	return nil
}

// At returns an error matching [ErrInjected] when the point fires at this passing, and nil
// otherwise. Where nobody may make a point fire it is one look at a flag, inlined.
func (p *Point) At(ctx context.Context) error {
	if !awake.Load() {
		return nil
	}
	return p.ask(ctx)
}

func (p *Point) ask(ctx context.Context) error {
	d, decided := ctx.Value(deciderKey{}).(Decider)
	switch {
	case !decided && operated.Load():
		return p.evaluate(p.operator)
	case !decided || !d.Fires(p):
		return nil
	}
	return p.evaluate(p.decided)
}

func (p *Point) evaluate(name string) error {
	if hit, err := failpoint.Eval(name); err != nil || hit != true {
		return nil // not armed, disabled, or its term says no
	}
	return p.err
}
