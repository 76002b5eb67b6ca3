// Package failpoints names the points in core at which a run of the simulator, or an operator, may
// make things fail: the places where a crash or an error is worst.
//
// In a simulated run the decision is the run's own: [With] puts its [Decider] into the context, and
// a point asks it first. With no decider in the context the operator's terms apply, from
// GO_FAILPOINTS (see github.com/pingcap/failpoint), by which live chaos reaches a real process:
//
//	GO_FAILPOINTS='derail/logbook/before-save=1%return(true)' conductor ...
//
// A process in which nobody has asked for any of this pays one look at a flag for each passing. With the
// build tag production every point is an empty function, and the library is not linked.
//
// # What a point means
//
// A point stands for the failure of the step at which it is: its error is treated as that step's own
// would be. At a point before something is sent it is a refusal, at one behind something that has
// happened an unknown outcome, and inside a run it cuts the run short. Points are for what costs enough
// that asking does not count: a few for each task, none for each comparison.
package failpoints

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// ErrInjected matches the error that a point returns when it fires.
var ErrInjected = errors.New("failpoint")

// Decider says whether a point fires for one passing. The answer may be to never return: a run can
// crash the machine at the point.
type Decider interface {
	Fires(p *Point) bool
}

// Point is one place. Points are made at package start by [Register] and live for ever.
type Point struct {
	Name  string // package/place, unique
	About string // what failing here stands for, in a sentence
	Index int    // its place in All, the same in every run of a program

	operator string // the name under which an operator's terms are looked up
	decided  string // the name that is evaluated once a decider has said yes
	err      error
}

type deciderKey struct{}

// With returns a context in which d decides every point.
func With(ctx context.Context, d Decider) context.Context {
	wake()
	return context.WithValue(ctx, deciderKey{}, d)
}

// registered is kept in the order of names, so that a point's place does not depend on the order in
// which packages start.
var registered []*Point

// The names by which the library knows the points.
const (
	operatorUnder = "derail/"
	decidedUnder  = "derail/decided/"
)

// Register makes a point. Call it when a package starts, and only then: the list is not locked. A name
// that is taken is a mistake in the program, and panics.
func Register(name, about string) *Point {
	p := &Point{
		Name: name, About: about,
		operator: operatorUnder + name, decided: decidedUnder + name, err: injected(name),
	}
	at, taken := slices.BinarySearchFunc(registered, name, func(p *Point, name string) int {
		return strings.Compare(p.Name, name)
	})
	if taken || name == "" {
		panic("failpoints: a name must be new and not empty: " + name)
	}
	registered = slices.Insert(registered, at, p)
	for i := at; i < len(registered); i++ {
		registered[i].Index = i
	}
	arm(p)
	return p
}

// All is every point that is linked into the program, by name.
func All() []*Point { return slices.Clone(registered) }

// Fired returns the name of the point that err came from, and whether it came from one.
func Fired(err error) (name string, fired bool) {
	var from injected
	fired = errors.As(err, &from)
	return string(from), fired
}

type injected string

func (i injected) Error() string        { return "failpoint " + string(i) + " fired" }
func (i injected) Is(target error) bool { return target == ErrInjected }
