package engine

import (
	"context"

	"derail/core/failpoints"
)

// Each of them cuts the run short: what is in memory by then is not recorded, and another engine goes on
// from what is.
var (
	beforeRevert = failpoints.Register("engine/before-revert",
		"a revert is recorded to begin, and its engine fails before it does")
	afterRevert = failpoints.Register("engine/after-revert",
		"a revert has run, and its engine fails before that is recorded")
	beforeDecision = failpoints.Register("engine/before-decision",
		"an atom has failed, and the engine fails before the retry around it is asked what to do")
	afterDecision = failpoints.Register("engine/after-decision",
		"a retry has decided about a failure, and the engine fails before the decision is recorded")
	beforeSuspended = failpoints.Register("engine/before-suspended",
		"an engine was asked to stop and has nothing running any more, and fails before that is recorded")
)

// turns passes a failpoint of reverts, if the call is one.
func (c *call) turns(ctx context.Context, p *failpoints.Point) error {
	if !c.reverts {
		return nil
	}
	return p.At(ctx)
}
