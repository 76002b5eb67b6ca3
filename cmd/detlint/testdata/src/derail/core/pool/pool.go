// Package pool breaks the rule of that name.
package pool

import "sync"

var buffers sync.Pool // want `sync.Pool: .*\(pool\)`

type recycler = sync.Pool // want `sync.Pool`

// A free list is accepted.
type freeList struct {
	mu   sync.Mutex
	free [][]byte
}
