package conductor

import (
	"context"
	"errors"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/jobboard"
	"derail/core/record"
)

// inspect tells of the damage that the view has met, and takes one job off the board that nobody can
// claim for it. It reports whether there was one.
func (s *shift) inspect(ctx context.Context) bool {
	id, held, found := s.view.Unreadable(s.config.Host.Now(), s.works)
	for _, d := range found {
		s.tellDamage(d.Job, d.Err)
	}
	switch {
	case id == "":
		return false
	case held: // only the end of the lease takes a claim away that nobody can take up
		_ = s.session.Close(ctx)
		s.end(jobboard.ErrSessionEnded)
	default:
		s.remove(ctx, id)
	}
	return true
}

// remove puts a job into the trash that cannot be read.
func (s *shift) remove(ctx context.Context, id string) {
	err := beforeBury.At(ctx)
	var t jobboard.Trashed
	if err == nil {
		t, err = s.config.Roster.TrashUnreadable(ctx, id, s.config.Name)
	}
	switch {
	case err == nil:
		s.view.Cleared(id)
		s.tell(event.Event{
			Kind: event.JobTrashed, Job: id, Attempt: int32(t.Attempts), Failure: t.Last,
			Reason: string(jobboard.Unreadable),
		})
		return
	case errors.Is(err, jobboard.ErrGone), errors.Is(err, jobboard.ErrForeign): // not ours to judge
		s.view.Cleared(id)
		return
	case errors.Is(err, jobboard.ErrSound): // the view has it wrong
		s.view.Doubt()
	}
	s.noticePoint(err)
	s.view.PutOff(id, s.config.Host.Now().Add(maxFailures*s.config.Idle))
}

// tellDamage tells of a record that cannot be read, if err is about one.
func (s *shift) tellDamage(job string, err error) {
	var damaged *record.DamagedError
	if errors.As(err, &damaged) {
		s.tell(event.Event{
			Kind: event.RecordDamaged, Job: job, Reason: damaged.Key,
			Failure: failure.From("", failure.Internal(damaged)),
		})
	}
}
