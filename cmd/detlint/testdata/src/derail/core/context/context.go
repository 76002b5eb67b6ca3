// Package context breaks the rule of that name.
package context

import (
	"context"
	"time"
)

func refused(ctx context.Context) {
	_, cancel := context.WithCancel(ctx) // want `context.WithCancel: .*\(context\)`
	cancel()
	_, cause := context.WithCancelCause(ctx) // want `context.WithCancelCause`
	cause(nil)
	_, cancel = context.WithTimeout(ctx, time.Second) // want `context.WithTimeout`
	cancel()
	_, cancel = context.WithTimeoutCause(ctx, time.Second, nil) // want `context.WithTimeoutCause`
	cancel()
	_, cancel = context.WithDeadline(ctx, time.Time{}) // want `context.WithDeadline`
	cancel()
	_, cancel = context.WithDeadlineCause(ctx, time.Time{}, nil) // want `context.WithDeadlineCause`
	cancel()
	context.AfterFunc(ctx, cancel) // want `context.AfterFunc`
}

type key struct{}

func accepted(ctx context.Context) (context.Context, error) {
	ctx = context.WithValue(context.WithoutCancel(ctx), key{}, 1)
	return ctx, context.Cause(ctx)
}
