package world

import (
	"context"
	"time"

	"derail/checker/history"
	"derail/scenarios"
)

// tidy is somebody at the client's machine who looks into the trash from time to time, and puts back on the
// board what is there, for as long as things break: whoever did so afterwards would keep the system from
// coming to rest.
func (l *life) tidy(every scenarios.Span) {
	w := l.world
	pauses := w.source.Stream("operator", "")
	for {
		pause := pauses.Between(int64(every.Low), int64(every.High))
		if l.machine.Sleep(l.context, time.Duration(pause)) != nil {
			return
		}
		list, _ := l.recorded.TrashList(l.context) // what cannot be read now can perhaps be next time
		for i := range list {
			if w.healed {
				return
			}
			l.restoring = true
			_ = l.recorded.Restore(l.context, list[i].Posting.ID) // of what came of it the history tells
			l.restoring = false
			w.checkRest()
		}
		if w.healed {
			return
		}
	}
}

// restores reports whether somebody is about to put a job back on the board.
func (w *World) restores() bool {
	l := w.lives[clientNode]
	return l != nil && l.restoring
}

// Restore puts a job from the trash back on the board.
func (b *recordedBoard) Restore(ctx context.Context, id string) error {
	r := b.invoke(history.Record{Kind: history.Restore}, id)
	err := b.Board.Restore(ctx, id)
	b.complete(r, err)
	return err
}
