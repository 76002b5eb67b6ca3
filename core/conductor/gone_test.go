package conductor

import (
	"context"
	"runtime"
	"testing"
	"time"

	"derail/core/event"
)

// TestTaskEndsItsGoroutine: a task that leaves with runtime.Goexit, as a test's FailNow does, cannot take
// its job with it: the job goes back to the board, its attempt spent, and to the trash in the end.
func TestTaskEndsItsGoroutine(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"serial":          func(*Config) {},
		"with a limit":    func(c *Config) { c.RunLimit = time.Hour },
		"several workers": func(c *Config) { c.Workers = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				p.factory("gone", p.task("t", func(context.Context) error {
					runtime.Goexit()
					return nil
				}))
				p.post("j", "gone")
				w := p.employ("a", func(c *Config) {
					c.Policy.Attempts = 2
					change(c)
				})
				time.Sleep(time.Minute)
				if name == "several workers" { // the atom has a process of its own, and fails
					p.expect("j", "consumed")
				} else {
					p.expect("j", "trashed as exhausted after 2")
					if n := p.count("j", event.JobClaimed); n != 2 {
						t.Errorf("it was claimed %d times, want 2", n)
					}
				}
				w.leave()
			})
		})
	}
}
