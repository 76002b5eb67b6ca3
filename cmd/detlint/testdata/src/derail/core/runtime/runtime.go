// Package runtime breaks the rule of that name.
package runtime

import "runtime"

func refused(p *int) int {
	runtime.Gosched()                                 // want `runtime.Gosched: .*\(runtime\)`
	runtime.SetFinalizer(p, nil)                      // want `runtime.SetFinalizer`
	runtime.AddCleanup(p, func(int) {}, 1)            // want `runtime.AddCleanup`
	runtime.ReadMemStats(nil)                         // want `runtime.ReadMemStats`
	return runtime.NumGoroutine() + runtime.NumCPU() + // want `runtime.NumGoroutine` `runtime.NumCPU`
		runtime.GOMAXPROCS(0) // want `runtime.GOMAXPROCS`
}

func accepted() string { return runtime.GOARCH + runtime.Version() }
