// Package reports is outside what is checked.
package reports

import (
	"os"
	"time"
)

var now, env = time.Now, os.Getenv
