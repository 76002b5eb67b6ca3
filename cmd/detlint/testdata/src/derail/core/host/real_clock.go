// Package host is where exempt files are: real*.go may use the machine, map order excepted.
package host

import (
	"context"
	"math/rand/v2"
	"os"
	"time"
)

func real(ctx context.Context, c chan int) time.Time {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { c <- rand.Int() + os.Getpid() }()
	select {
	case <-c:
	case <-ctx.Done():
	}
	return time.Now()
}

func order(m map[string]int, f func(string)) {
	for k := range m { // want `it calls f`
		f(k)
	}
}
