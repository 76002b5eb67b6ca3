package engine

import (
	"context"

	"derail/core/host"
)

func (e *Engine) isParallel() bool { return e.config.Workers > 1 }

// hasRoom reports whether another call can begin.
func (e *Engine) hasRoom() bool { return !e.isParallel() || e.crew.size < e.config.Workers }

// employ readies the crew of a parallel engine. leave cuts short what still runs and waits for it, so
// that nothing of a run is left behind when it ends; it may be called twice.
func (e *Engine) employ(ctx context.Context) (within context.Context, leave func()) {
	if !e.isParallel() {
		return ctx, func() {}
	}
	if e.crew.wake == nil {
		e.crew.wake = e.config.Host.NewSignal()
	}
	within, end := host.WithCancel(ctx)
	return within, func() {
		end(nil)
		for e.crew.size > 0 {
			for range e.takeEnded() {
				e.crew.size--
			}
			if e.crew.size > 0 {
				_, _ = e.crew.wake.Wait(context.Background(), host.Forever)
			}
		}
	}
}

// launch begins as much of what is ready as there are workers for, and records all of it in one write.
func (e *Engine) launch(ctx context.Context) error {
	if e.stops() {
		return nil
	}
	n := min(len(e.ready), e.config.Workers-e.crew.size)
	if n == 0 {
		return nil
	}
	e.spare = e.spare[:0]
	for range n {
		e.spare = append(e.spare, e.takeFirst())
	}
	for _, a := range e.spare {
		e.prepare(ctx, a)
	}
	if err := e.begin(ctx); err != nil {
		return err
	}
	for _, a := range e.spare {
		if err := a.call.turns(ctx, beforeRevert); err != nil {
			return err // who has begun is called off and waited for
		}
		e.crew.size++
		e.config.Host.Go("task", func() {
			defer e.handIn(a) // also where the atom's code ends the goroutine
			a.call.perform()
		})
	}
	return nil
}

// handIn gives the atom whose call has ended to the process that decides.
func (e *Engine) handIn(a *atom) {
	e.crew.mu.Lock()
	e.crew.ended = append(e.crew.ended, a)
	e.crew.mu.Unlock()
	e.crew.wake.Wake()
}

// await waits until a call has ended. What ended before is saved first: another may take long.
func (e *Engine) await(ctx context.Context) error {
	if e.crew.size == 0 {
		return nil
	}
	if err := e.flush(ctx); err != nil {
		return err
	}
	ended := e.takeEnded()
	for len(ended) == 0 {
		if _, err := e.crew.wake.Wait(ctx, host.Forever); err != nil {
			return err
		}
		ended = e.takeEnded()
	}
	if err := ctx.Err(); err != nil {
		e.crew.size -= len(ended)
		return err
	}
	for n, a := range ended {
		if err := a.call.turns(ctx, afterRevert); err != nil {
			e.crew.size -= len(ended) - n
			return err
		}
		e.crew.size--
		e.conclude(a)
	}
	return nil
}

// takeEnded returns the atoms whose calls have ended since it was last called.
func (e *Engine) takeEnded() []*atom {
	e.crew.mu.Lock()
	defer e.crew.mu.Unlock()
	ended := e.crew.ended
	e.crew.ended = nil
	return ended
}
