// Package explore spreads work over the processor: its chance and its order are still the seed's.
package explore

import (
	"math/rand" // want `import of math/rand`
	"runtime"
	"time"
)

func spread(c chan int, m map[int]int) {
	for range runtime.NumCPU() {
		go func() { c <- rand.Int() }()
	}
	select {
	case <-c:
	case <-time.After(1):
	}
	for k := range m { // want `it calls println`
		println(k)
	}
}
