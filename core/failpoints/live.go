//go:build !production

package failpoints

import (
	"context"

	"github.com/pingcap/failpoint"
)

// Compiled says whether the points do anything in this build.
const Compiled = true

// arm gives the point its term for decided runs, once, at package start: arming at the first hit
// would race between runs. The term never counts and never draws, because the library's counts and
// chance are shared by the whole process.
func arm(p *Point) {
	if err := failpoint.Enable(p.decided, "return(true)"); err != nil {
		panic("failpoints: " + p.Name + ": " + err.Error()) // the term is a constant
	}
}

// At returns an error matching [ErrInjected] when the point fires at this passing, and nil
// otherwise.
func (p *Point) At(ctx context.Context) error {
	d, decided := ctx.Value(deciderKey{}).(Decider)
	if !decided {
		return p.evaluate(p.operator)
	}
	if !d.Fires(p) {
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
