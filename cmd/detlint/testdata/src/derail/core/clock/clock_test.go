package clock

import "time"

// Test files may look at the clock.
var started = time.Now()
