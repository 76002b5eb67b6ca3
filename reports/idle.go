package reports

import (
	"fmt"
	"strings"
)

// mostIdle is of how many scenarios it is told one by one what never struck.
const mostIdle = 5

// idle says which faults were asked for and never struck: a scenario that passes for that reason has shown
// nothing of them.
func (w *prose) idle(c *Campaign) {
	var parts []string
	left := 0
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		switch {
		case s.Runs == 0 || len(s.Idle) == 0:
		case len(parts) == mostIdle:
			left++
		default:
			parts = append(parts, fmt.Sprintf("%s in %s of %s", join(s.Idle), plural(int64(s.Runs), "run"), s.Name))
		}
	}
	if len(parts) == 0 {
		return
	}
	text := "Asked for, and never struck: " + strings.Join(parts, "; ")
	if left > 0 {
		text += fmt.Sprintf("; and some of %s more", plural(int64(left), "scenario"))
	}
	w.para("", text+". More seeds may do it, or a higher rate, or an earlier moment.")
}
