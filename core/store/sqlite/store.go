package sqlite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// Config says which file a store is in, and on what it runs.
type Config struct {
	// Path names the file, which is made if it does not exist. It may be a URI that begins with "file:"
	// and names a VFS; its directory must exist.
	Path string

	// Host gives the store its time, its one process, its places to wait and its chance. All the stores
	// of a file must be on hosts with the same clock, which is that of the machine.
	Host host.Host

	// Poll is how often the store looks for the changes of other processes while somebody watches. Zero
	// is 50 milliseconds.
	Poll time.Duration

	// Patience is how long a call waits for other processes to unlock the file before it is refused.
	// Zero is ten seconds.
	Patience time.Duration

	// Remember is how many changes the file keeps for watches. Zero is 4096.
	Remember int

	// Observer is told of every revision; it may be nil.
	Observer Observer
}

// Observer is told what became of a store's file. Many stores of one file may share one observer, and
// then it is told each revision once, by the first that can be sure of it. It is called by whichever
// process made a transaction, after its COMMIT, and must neither block nor call the store.
type Observer interface {
	// Seen is the latest revision that was told.
	Seen() store.Revision

	// Saw tells the next revision: its changes, and the lease whose end it is, or zero. Revisions that
	// are told late, because who made them died first, come from the file, and are left out if the file
	// no longer remembers them.
	Saw(at store.Revision, changes []store.Change, ended store.LeaseID)

	// Lost tells that the file is back at revision now, although seen was told: the disk has lost what
	// it said was safe. From here on Seen must be now.
	Lost(seen, now store.Revision)
}

var _ store.Store = (*Store)(nil)

// Store is a store in a file. Any number of processes, of this program and of others on the machine,
// may use stores of the same file at once.
type Store struct {
	host     host.Host
	uri      string
	poll     time.Duration
	patience time.Duration
	remember int64
	observer Observer
	nudge    host.Signal // wakes the store's process

	gate       gate // guards the fields below, and the use of the connection
	connection *connection
	unsettled  bool // what is in the file may be of a commit that the disk has not confirmed

	mu     sync.Mutex // guards the fields below; never held across a call that blocks
	closed bool
	awake  int64 // when the store's process looks next
	tail   tail
}

// Open opens the store in a file, or makes it.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Host == nil || c.Path == "" || c.Path == ":memory:" {
		return nil, fmt.Errorf("%w: a store needs a host and the path of a file, not %q", store.ErrRefused, c.Path)
	}
	uri, err := fileURI(c.Path)
	if err != nil {
		return nil, refused(err)
	}
	s := &Store{
		host:     c.Host,
		uri:      uri,
		poll:     positive(c.Poll, 50*time.Millisecond),
		patience: positive(c.Patience, 10*time.Second),
		remember: int64(positive(c.Remember, 4096)),
		observer: c.Observer,
		nudge:    c.Host.NewSignal(),
		gate:     gate{host: c.Host},
		// Who comes after a crash cannot know whether the disk has confirmed the last commit it sees.
		unsettled: true,
	}
	if err := s.gate.enter(ctx); err != nil {
		return nil, refused(err)
	}
	defer s.gate.leave()
	if err := s.connect(ctx, s.uri, true); err != nil {
		return nil, fmt.Errorf("opening the store in %s: %w", c.Path, refused(err))
	}
	s.host.Go("sqlite", s.keep)
	return s, nil
}

func positive[N int | time.Duration](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}

// Close ends the watches and the store's own process, and closes the file. Calls after it are refused.
func (s *Store) Close() error {
	if !s.shut() {
		return nil
	}
	if err := s.gate.enter(context.Background()); err != nil {
		return err
	}
	defer s.gate.leave()
	if s.connection == nil {
		return nil
	}
	return s.disconnect()
}

func (s *Store) shut() (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	s.nudge.Wake()
	s.tail.end(errClosed)
	return true
}

// Abandon frees what a store holds whose process has died, without touching the file. It is for who
// simulates machines: there a process that dies inside a call to the store frees its connection while
// it unwinds, and one that dies elsewhere leaves it to Abandon, which must be called from outside the
// dead machine and after its processes have unwound.
func (s *Store) Abandon() {
	if c := s.connection; c != nil && s.gate.free() {
		s.connection = nil
		c.abandon()
	}
}

// Get is [store.KV]'s.
func (s *Store) Get(ctx context.Context, key string) (pair store.Pair, at store.Revision, err error) {
	err = s.read(ctx, func(c *connection) (err error) {
		pair, at, err = c.pair(key)
		return err
	})
	if err != nil {
		return store.Pair{}, 0, err
	}
	return pair, at, nil
}

// Range is [store.KV]'s.
func (s *Store) Range(ctx context.Context, prefix string) (snapshot store.Snapshot, err error) {
	err = s.read(ctx, func(c *connection) (err error) {
		snapshot, err = c.list(prefix)
		return err
	})
	if err != nil {
		return store.Snapshot{}, err
	}
	return snapshot, nil
}

// Compact forgets the changes up to and including revision upTo: a watch from before it ends with
// [store.ErrCompacted]. The store also forgets by itself, oldest first.
func (s *Store) Compact(ctx context.Context, upTo store.Revision) error {
	return s.write(ctx, func(t *transaction) error { return t.compact(upTo) })
}
