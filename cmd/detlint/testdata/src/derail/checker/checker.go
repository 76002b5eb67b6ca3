// Package checker is checked as core is.
package checker

import "time"

var now = time.Now // want `time.Now`
