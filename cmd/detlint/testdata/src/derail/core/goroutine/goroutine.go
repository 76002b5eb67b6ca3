// Package goroutine breaks the rule of that name.
package goroutine

import "sync"

func work() {}

type crew struct{ sync.WaitGroup }

func refused(c *crew) {
	go work()                // want `go statement: .*\(goroutine\)`
	go func() { work() }()   // want `go statement`
	var wg sync.WaitGroup
	wg.Go(work)              // want `\(\*sync.WaitGroup\).Go`
	wg.Wait()                // want `\(\*sync.WaitGroup\).Wait`
	c.Go(work)               // want `\(\*sync.WaitGroup\).Go`
	cond := sync.NewCond(&sync.Mutex{})
	cond.Wait()              // want `\(\*sync.Cond\).Wait`
}

type host interface {
	Go(name string, fn func())
}

func accepted(h host, mu *sync.Mutex) {
	mu.Lock()
	defer mu.Unlock()
	h.Go("worker", work)
}
