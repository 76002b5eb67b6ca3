package engine

import (
	"context"
	"fmt"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
)

// Load makes a flow again, from what is recorded with its flow detail: the name of its factory, and the
// inputs. A factory that is not registered, one that panics, and one that makes no flow are errors; an
// error of the factory itself comes back as it is.
func Load(flows *flow.Registry, name string, inputs flow.Args) (f *flow.Flow, err error) {
	factory, ok := flows.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("there is no factory %q here", name)
	}
	defer host.Catch(func(cause any) { f, err = nil, failure.FromPanic("", cause) })
	if f, err = factory(inputs); err == nil && f == nil {
		err = fmt.Errorf("factory %q made no flow", name)
	}
	return f, err
}

// Ready takes a new engine through the stages before its run: compile, prepare, validate.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.Compile(); err != nil {
		return err
	}
	if err := e.Prepare(ctx); err != nil {
		return err
	}
	return e.Validate()
}
