package sqlite

import (
	"slices"
	"sort"
	"strings"

	"derail/core/store"
)

// tail is what a store has in memory of the latest changes in its file, so that many watches cost one
// look at the file. It is empty while nobody watches. The store's mu guards it.
type tail struct {
	from     store.Revision // it has all changes after this revision
	to       store.Revision // up to and including this one
	changes  []store.Change
	watchers []*watcher
}

// tailLength is how many changes a tail holds; who lags more reads them from the file.
const tailLength = 1024

// add takes in a watch. The file was at revision at just now.
func (l *tail) add(w *watcher, at store.Revision) {
	if len(l.watchers) == 0 {
		l.reset(at)
	}
	l.watchers = append(l.watchers, w)
}

func (l *tail) remove(w *watcher) {
	if i := slices.Index(l.watchers, w); i >= 0 {
		l.watchers = slices.Delete(l.watchers, i, i+1)
	}
	if len(l.watchers) == 0 {
		l.changes = nil
	}
}

// reset forgets everything: the tail begins anew at a revision.
func (l *tail) reset(at store.Revision) {
	l.from, l.to, l.changes = at, at, nil
}

// end ends all watches.
func (l *tail) end(cause error) {
	for _, w := range l.watchers {
		w.lost = cause
		w.ready.Wake()
	}
	l.watchers, l.changes = nil, nil
}

// extend appends what comes next in the file, up to and including revision to.
func (l *tail) extend(steps []step, to store.Revision) {
	begin := len(l.changes)
	for i := range steps {
		if steps[i].revision > l.to {
			l.changes = append(l.changes, steps[i].changes...)
		}
	}
	l.to = to
	for _, w := range l.watchers {
		w.hear(l.changes[begin:], l)
	}
	l.shorten()
}

// jump is extend when the file has forgotten some of what comes next: every watch must ask the file,
// which knows whether it is one of those that missed something.
func (l *tail) jump(to store.Revision) {
	l.reset(to)
	for _, w := range l.watchers {
		w.pending = true
		w.ready.Wake()
	}
}

// shorten drops the oldest revisions, whole, once there is twice as much as there should be.
func (l *tail) shorten() {
	if len(l.changes) <= 2*tailLength {
		return
	}
	l.from = l.changes[len(l.changes)-tailLength-1].Pair.Changed
	kept := l.changes[l.after(l.from):]
	l.changes = append(make([]store.Change, 0, 2*tailLength+1), kept...)
}

// after is the index of the first change later than a revision.
func (l *tail) after(revision store.Revision) int {
	return sort.Search(len(l.changes), func(i int) bool { return l.changes[i].Pair.Changed > revision })
}

// wanted appends to dst the changes that a watch wants.
func wanted(dst, changes []store.Change, prefix string, since store.Revision) []store.Change {
	for i := range changes {
		if changes[i].Pair.Changed > since && strings.HasPrefix(changes[i].Pair.Key, prefix) {
			dst = append(dst, changes[i])
		}
	}
	return dst
}

// tell passes a committed transaction on, to the watches of this store and to the observer.
func (s *Store) tell(t *transaction) {
	s.follow(t)
	if s.observer == nil {
		return
	}
	for _, steps := range [][]step{t.missed, t.steps} {
		for _, step := range steps {
			// Another process may have come between the COMMIT and here, and told this already.
			if step.revision > s.observer.Seen() {
				s.observer.Saw(step.revision, step.changes, step.ended)
			}
		}
	}
}

// look finds out what the observer has not been told, or what is lost of what it was. It does so within
// a transaction, so that nobody else tells the same at the same time.
func (s *Store) look(t *transaction) error {
	if s.observer == nil {
		return nil
	}
	seen := s.observer.Seen()
	if seen > t.before.revision {
		s.observer.Lost(seen, t.before.revision)
		return nil
	}
	if seen == t.before.revision {
		return nil
	}
	missed, err := t.since(seen)
	t.missed = missed.steps
	return err
}

// follow brings the tail up to the end of a transaction, or asks the store's process to do so.
func (s *Store) follow(t *transaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch l := &s.tail; {
	case len(l.watchers) == 0 || len(t.steps) == 0:
	case l.to == t.before.revision:
		l.extend(t.steps, t.after.revision)
	default:
		s.awake = 0
		s.nudge.Wake()
	}
}

// catchUp brings the tail up to what the file holds.
func (s *Store) catchUp(r *record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch l := &s.tail; {
	case len(l.watchers) == 0:
	case r.revision < l.to: // the file was put back, or lost what it had: nobody's place is worth anything
		l.end(store.ErrCompacted)
	case l.to < r.forgotten:
		l.jump(r.revision)
	default:
		l.extend(r.steps, r.revision)
	}
}

// watching reports up to where the watches know the file, and whether there are any.
func (s *Store) watching() (store.Revision, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tail.to, len(s.tail.watchers) > 0
}

// endWatches ends all watches with an error.
func (s *Store) endWatches(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tail.end(cause)
}
