package engine_test

import (
	"context"
	"time"

	"derail/core/logbook"
)

// clock is a host of the logbook that sleeps in no time.
type clock struct{}

func (clock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func shortLibrary(k logbook.Keeper) *logbook.Library {
	return logbook.New(logbook.Config{Store: k, Host: clock{}})
}
