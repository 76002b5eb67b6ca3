package conductor

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"derail/core/event"
	"derail/core/jobboard"
)

// outrun has a Claim that others are faster than, so many times.
type outrun struct {
	*jobboard.Board
	left   atomic.Int64
	reason error
}

func (o *outrun) Claim(ctx context.Context, s *jobboard.Session, job *jobboard.Job) (*jobboard.Claim, error) {
	if o.left.Add(-1) >= 0 {
		return nil, fmt.Errorf("claim %s: %w", job.ID, o.reason)
	}
	return o.Board.Claim(ctx, s, job)
}

// TestLostRacesAreNoTrouble: where others are faster the board works, so a conductor goes on with the other
// jobs at once, however many races it has lost. Those that it lost it looks at again after Idle.
func TestLostRacesAreNoTrouble(t *testing.T) {
	for _, reason := range []error{jobboard.ErrHeld, jobboard.ErrGone} {
		inPlant(t, func(p *plant) {
			const lost, others = 6, 4
			for i := range lost + others {
				p.post(fmt.Sprint("j", i), "ok")
			}
			claims := &outrun{Board: p.board, reason: reason}
			claims.left.Store(lost)
			began := time.Now()
			w := p.employ("a", func(c *Config) { c.Claims = claims })
			synctest.Wait()
			if n := p.count("", event.JobConsumed); n != others || time.Since(began) > time.Millisecond {
				p.Errorf("%v: %d jobs consumed at once", reason, n)
			}
			time.Sleep(1100 * time.Millisecond)
			if n := p.count("", event.JobConsumed); n != lost+others {
				p.Errorf("%v: %d jobs consumed after Idle", reason, n)
			}
			w.leave()
		})
	}
}
