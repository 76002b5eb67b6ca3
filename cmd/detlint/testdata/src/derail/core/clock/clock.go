// Package clock breaks the rule of that name.
package clock

import (
	"time"
	clk "time"
)

func called() time.Duration {
	start := time.Now()             // want `time.Now: the machine's clock .*\(clock\)`
	time.Sleep(time.Second)         // want `time.Sleep`
	_ = time.After(time.Second)     // want `time.After`
	time.AfterFunc(1, func() {})    // want `time.AfterFunc`
	_ = time.Tick(time.Second)      // want `time.Tick`
	_ = time.NewTimer(time.Second)  // want `time.NewTimer`
	_ = time.NewTicker(time.Second) // want `time.NewTicker`
	_ = time.Until(start)           // want `time.Until`
	return time.Since(start)        // want `time.Since`
}

// A function kept in a variable reads the clock as well, and so does one under another import name.
var (
	now   = time.Now // want `time.Now`
	sleep = clk.Sleep // want `time.Sleep`
)

func accepted(at time.Time, d time.Duration) time.Time {
	deadline := at.Add(d).Add(3 * time.Second)
	if deadline.After(time.Unix(0, 0)) {
		return deadline.Truncate(time.Millisecond)
	}
	return at
}
