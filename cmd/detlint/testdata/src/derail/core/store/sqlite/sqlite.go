// Package sqlite is a store driver: exempt, map order excepted.
package sqlite

import (
	"os"
	"time"
)

func open(m map[string]int) {
	_ = os.Getpid()
	time.Sleep(1)
	for k := range m { // want `it calls println`
		println(k)
	}
}
