package main

import (
	"go/types"
	"strings"
)

// A rule is one way to make two runs of a seed differ. Its name is what an allow comment gives and
// what a diagnostic carries as its category.
type rule struct {
	name   string
	advice string // ends a message: why the thing is refused and what to use in its place
}

var (
	ruleClock = rule{
		"clock", "the machine's clock differs on every run; ask the host for the time and for sleep",
	}
	ruleGoroutine = rule{
		"goroutine", "the runtime orders goroutines as it likes; start and wait for them through the host",
	}
	ruleSelect = rule{
		"select", "the runtime picks among ready cases by chance of its own; wait through the host",
	}
	ruleChannel = rule{
		"channel", "who is woken first is the runtime's choice, unseen by the kernel; wait through the host",
	}
	ruleChance = rule{
		"chance", "chance that no seed governs; draw from the host or from the run's choice source",
	}
	ruleMachine = rule{
		"machine", "it is outside the simulation; what lasts goes through a store, the rest through the host",
	}
	ruleContext = rule{
		"context", "the standard library starts goroutines and timers for it; the host makes contexts that can end",
	}
	ruleRuntime = rule{
		"runtime", "it depends on the machine's scheduler and collector, which no seed governs",
	}
	rulePool = rule{
		"pool", "what a sync.Pool holds depends on the garbage collector; keep a free list",
	}
	ruleMapOrder = rule{
		"maporder", "Go walks a map in a new order each time; sort first, as in slices.Sorted(maps.Keys(m))",
	}
	ruleAddress = rule{
		"address", "an address differs on every run; print a name or a number",
	}
	// ruleAllow is for allow comments that are wrong themselves. No comment can let it off.
	ruleAllow = rule{"allow", "the form is //detlint:allow RULE reason"}
)

// allowable lists the rules that an allow comment can name.
var allowable = []rule{
	ruleClock, ruleGoroutine, ruleSelect, ruleChannel, ruleChance, ruleMachine, ruleContext,
	ruleRuntime, rulePool, ruleMapOrder, ruleAddress,
}

// refusedObjects are the functions, methods and types of the standard library whose mention is
// refused, called or not: a function kept in a variable reads the clock just as well.
var refusedObjects = objectTable(map[*rule]string{
	&ruleClock: `time.Now time.Sleep time.After time.AfterFunc time.Tick time.NewTimer time.NewTicker
		time.Since time.Until`,
	&ruleGoroutine: `(*sync.WaitGroup).Go (*sync.WaitGroup).Wait (*sync.Cond).Wait`,
	&ruleContext: `context.WithCancel context.WithCancelCause context.WithDeadline
		context.WithDeadlineCause context.WithTimeout context.WithTimeoutCause context.AfterFunc`,
	&ruleRuntime: `runtime.NumGoroutine runtime.Gosched runtime.NumCPU runtime.GOMAXPROCS
		runtime.SetFinalizer runtime.AddCleanup runtime.ReadMemStats`,
	&rulePool: `sync.Pool`,
	&ruleMapOrder: `(*sync.Map).Range (reflect.Value).MapRange (reflect.Value).MapKeys
		(reflect.Value).Seq (reflect.Value).Seq2`,
	&ruleSelect: `reflect.Select`,
	&ruleChannel: `(reflect.Value).Send (reflect.Value).TrySend (reflect.Value).Recv
		(reflect.Value).TryRecv (reflect.Value).Close`,
})

func objectTable(names map[*rule]string) map[string]rule {
	table := make(map[string]rule)
	for r, list := range names {
		for name := range strings.FieldsSeq(list) {
			table[name] = *r
		}
	}
	return table
}

// refusedImports are whole packages. A path matches itself and everything below it.
var refusedImports = []struct {
	path string
	rule rule
}{
	{"math/rand", ruleChance},
	{"crypto/rand", ruleChance},
	{"hash/maphash", ruleChance},
	{"os", ruleMachine},
	{"net", ruleMachine},
	{"syscall", ruleMachine},
}

func importRule(path string) (rule, bool) {
	for _, refused := range refusedImports {
		if within(path, refused.path) {
			return refused.rule, true
		}
	}
	return rule{}, false
}

// within says whether path is root or lies below it.
func within(path, root string) bool {
	rest, ok := strings.CutPrefix(path, root)
	return ok && (rest == "" || rest[0] == '/')
}

// objectName is the name under which refusedObjects knows an object: "time.Now",
// "(*sync.WaitGroup).Go", "sync.Pool".
func objectName(object types.Object) string {
	if fn, ok := object.(*types.Func); ok {
		return fn.Origin().FullName()
	}
	if object.Pkg() == nil || object.Parent() != object.Pkg().Scope() {
		return ""
	}
	return object.Pkg().Path() + "." + object.Name()
}
