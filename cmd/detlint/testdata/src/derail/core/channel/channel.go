// Package channel breaks the rule of that name.
package channel

import (
	"context"
	"reflect"
)

func refused(ctx context.Context, c chan int) int {
	c <- 1          // want `channel send: .*\(channel\)`
	v := <-c        // want `channel receive`
	for w := range c { // want `range over a channel`
		v += w
	}
	<-ctx.Done() // want `channel receive`
	reflect.ValueOf(c).Recv() // want `\(reflect.Value\).Recv`
	reflect.ValueOf(c).TryRecv() // want `\(reflect.Value\).TryRecv`
	reflect.ValueOf(c).Send(reflect.ValueOf(1)) // want `\(reflect.Value\).Send`
	reflect.ValueOf(c).TrySend(reflect.ValueOf(1)) // want `\(reflect.Value\).TrySend`
	reflect.ValueOf(c).Close() // want `\(reflect.Value\).Close`
	close(c)     // want `close of a channel`
	return v
}

func generic[C chan int | chan<- int](c C) {
	close(c) // want `close of a channel`
}

func drain[C ~chan int](c C) {
	for range c { // want `range over a channel`
	}
}

type door struct{}

func (door) close() {}

func accepted(ctx context.Context) error {
	close := func(door) {}
	close(door{})
	door{}.close()
	return ctx.Err()
}
