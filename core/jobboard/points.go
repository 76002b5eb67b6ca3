package jobboard

import (
	"context"

	"derail/core/failpoints"
)

var (
	beforePost = failpoints.Register("jobboard/before-post",
		"a job's logbook is there, and its client fails before it posts the job")
	postCommitted = failpoints.Register("jobboard/post-committed",
		"a job is posted, and its client fails before it knows")
	claimCommitted = failpoints.Register("jobboard/claim-committed",
		"a claim is stored, and its conductor fails before it knows")
	releaseCommitted = failpoints.Register("jobboard/release-committed",
		"an abandon, consume or trash is stored, and its conductor fails before it knows")
	beforeGrant = failpoints.Register("jobboard/before-grant",
		"a conductor wants a session, and fails before it has asked for a lease")
	leaseGranted = failpoints.Register("jobboard/lease-granted",
		"a lease is granted, and the conductor fails before it knows: it ends with nobody on it")
	renewed = failpoints.Register("jobboard/renewed",
		"a session is renewed, and its conductor does not believe the answer, or does not live to hear it")
	beforeRestore = failpoints.Register("jobboard/before-restore",
		"a job is to be taken out of the trash, and whoever wants it fails before the board is told")
	restoreCommitted = failpoints.Register("jobboard/restore-committed",
		"a job is taken out of the trash, restored or purged, and whoever did it fails before he knows")
	beforeList = failpoints.Register("jobboard/before-list",
		"a conductor's view is about to list the board, at first or after its watch broke, and fails")
	beforeWatch = failpoints.Register("jobboard/before-watch",
		"a conductor's view has listed the board, and fails before it watches it from there")
)

// unsent is the failpoint before something is sent: nothing has happened.
func unsent(ctx context.Context, p *failpoints.Point) error {
	if err := p.At(ctx); err != nil {
		return inDoubt(false, err)
	}
	return nil
}

// passed is the failpoint behind something that has happened.
func passed(ctx context.Context, p *failpoints.Point) error {
	if err := p.At(ctx); err != nil {
		return inDoubt(true, err)
	}
	return nil
}
