package flow

import "context"

// Progress hears from a running task how far it has come.
type Progress interface {
	// Report is told thousandths of the work, from 0 to 1000, and a note, which may be empty.
	Report(done int, note string)
}

type progressKey struct{}

// ProgressKey is the key under which an engine puts a [Progress] into a task's context.
func ProgressKey() any { return progressKey{} }

// Report tells those who watch the run how far the task of this context has come, in thousandths of
// the work. What is told last is stored with the task's next save. Outside a run it does nothing.
func Report(ctx context.Context, done int, note string) {
	if p, ok := ctx.Value(progressKey{}).(Progress); ok {
		p.Report(min(max(done, 0), 1000), note)
	}
}
