// Package corex only begins like core: it is outside what is checked.
package corex

import "time"

var now = time.Now
