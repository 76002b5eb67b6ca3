// Package kernel may use goroutines and channels in its token files, and nothing else.
package kernel

import "time"

func handOff(c chan int) {
	go func() { c <- 1 }()
	<-c
	close(c)
	time.Sleep(1) // want `time.Sleep`
	select {}     // want `select statement`
}
