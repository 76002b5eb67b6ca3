package conductor

import (
	"errors"
	"testing"

	"derail/core/event"
	"derail/core/failpoints"
	"derail/core/host"
)

// Every failpoint is told once when it fires, wherever its error comes out.
func TestFailpointsAreTold(t *testing.T) {
	var heard []string
	c := &Conductor{config: Config{Name: "c", Host: host.Real(), Listener: event.ListenerFunc(func(e *event.Event) {
		if e.Kind == event.FailpointFired {
			heard = append(heard, e.Reason)
		}
	})}}
	c.noticePoint(nil)
	c.noticePoint(errors.New("something else"))
	if len(heard) != 0 {
		t.Fatalf("heard %q of errors that come from no failpoint", heard)
	}
	if failpoints.Compiled {
		ctx := failpoints.With(t.Context(), always{})
		c.noticePoint(beforeRelease.At(ctx))
		if len(heard) != 1 || heard[0] != beforeRelease.Name {
			t.Errorf("heard %q, want %q", heard, beforeRelease.Name)
		}
	}
}

type always struct{}

func (always) Fires(*failpoints.Point) bool { return true }
