package host

import "time"

var now = time.Now // want `time.Now`
