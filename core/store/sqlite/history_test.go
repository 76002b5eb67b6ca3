package sqlite_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"derail/checker/history"
	"derail/core/event"
	"derail/core/failure"
	"derail/core/jobboard"
	"derail/core/state"
	"derail/core/store"
)

const (
	kindClaim    = history.Claim
	kindLeaseEnd = history.LeaseEnd
	typeOK       = history.OK
)

// line is what one process writes down at a time: a record of the history, or what it saw of a revision
// of the store. Its time is that of the machine's clock, which all processes share.
type line struct {
	At      int64
	Process string
	Job     string
	Number  int64 // of the line in its file, from 1
	Record  history.Record
	Claims  []claimChange
}

// claimChange is one change to who holds a job.
type claimChange struct {
	Revision int64
	Job      string
	Epoch    int64 // zero: nobody, from here on
	Ended    bool  // by the end of a lease
}

// scribe writes lines to a file, each before what comes after it happens, so that they outlast the
// process.
type scribe struct {
	mu      sync.Mutex
	process string
	file    *os.File
	lines   int64
}

func newScribe(path, process string) (*scribe, error) {
	file, err := os.Create(path)
	return &scribe{process: process, file: file}, err
}

// write gives the line its time and number, and returns the number.
func (s *scribe) write(l line) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines++
	l.At, l.Number = time.Now().UnixNano(), s.lines
	if l.Process == "" {
		l.Process = s.process
	}
	text, err := json.Marshal(l)
	if err == nil {
		_, err = s.file.Write(append(text, '\n'))
	}
	if err != nil {
		panic(err)
	}
	return s.lines
}

func (s *scribe) event(process, job string, r history.Record) {
	r.Type = cmp.Or(r.Type, history.Event)
	s.write(line{Process: process, Job: job, Record: r})
}

func (s *scribe) start(process string) { s.event(process, "", history.Record{Kind: history.Start}) }

func (s *scribe) crash(process string) { s.event(process, "", history.Record{Kind: history.Crash}) }

func (s *scribe) heal() { s.event("", "", history.Record{Kind: history.Heal}) }

func (s *scribe) final(job string, became state.State) {
	where := history.FinalGone
	if became == state.Trashed {
		where = history.FinalTrashed
	}
	s.event("", job, history.Record{Kind: history.Final, To: where})
}

// Hear implements event.Listener.
func (s *scribe) Hear(ev *event.Event) {
	r := history.Record{Kind: history.Move, Epoch: ev.Epoch}
	jobMoved := func(from, to state.State) {
		r.Subject, r.From, r.To = history.SubjectJob, string(from), string(to)
	}
	switch ev.Kind {
	case event.AtomMoved:
		r.Subject, r.From, r.To = ev.Atom, string(ev.From), string(ev.To)
	case event.FlowMoved:
		r.Subject, r.From, r.To = history.SubjectFlow, string(ev.From), string(ev.To)
	case event.LogbookSaved:
		r.Type, r.Kind, r.N, r.Revision = history.OK, history.Save, ev.Count, ev.Revision
	case event.LogbookUnsaved:
		r.Type, r.Kind = history.Info, history.Save
	case event.ClaimLost:
		r.Kind = history.Lost
	case event.JobClaimed:
		jobMoved(state.Unclaimed, state.Claimed)
	case event.JobConsumed:
		jobMoved(state.Claimed, state.Complete)
	case event.JobAbandoned:
		jobMoved(state.Claimed, state.Unclaimed)
	case event.JobTrashed:
		from := state.Claimed
		if ev.Epoch == 0 {
			from = state.Unclaimed
		}
		jobMoved(from, state.Trashed)
	default:
		return
	}
	s.event("", ev.Job, r)
}

// witness is the observer of one process: it writes down who holds what.
type witness struct {
	scribe *scribe
	seen   store.Revision
}

func (w *witness) Seen() store.Revision { return w.seen }

func (w *witness) Lost(seen, now store.Revision) { panic("the file went back") }

func (w *witness) Saw(at store.Revision, changes []store.Change, ended store.LeaseID) {
	w.seen = at
	var claims []claimChange
	for _, change := range changes {
		job, is := jobboard.ClaimedJob(change.Pair.Key)
		if !is {
			continue
		}
		claim := claimChange{Revision: int64(at), Job: job, Ended: ended != 0}
		if !change.Deleted {
			holder, err := jobboard.ReadHolder(change.Pair.Value)
			if err != nil {
				panic(err)
			}
			claim.Epoch = holder.Epoch
		}
		claims = append(claims, claim)
	}
	if claims != nil {
		w.scribe.write(line{Claims: claims})
	}
}

// recordedBoard is a board that writes down every operation, with its beginning and its end.
type recordedBoard struct {
	*jobboard.Board
	scribe *scribe

	mu   sync.Mutex
	open map[*jobboard.Claim]line // releases whose last try got no answer
}

func (b *recordedBoard) invoke(job string, r history.Record) line {
	r.Type = history.Invoke
	l := line{Job: job, Record: r}
	l.Record.Call = b.scribe.write(l)
	return l
}

func (b *recordedBoard) complete(l line, err error) {
	l.Record.Type = history.OK
	switch {
	case err == nil:
	case errors.Is(err, store.ErrUnknown):
		l.Record.Type = history.Info
	default:
		l.Record.Type, l.Record.Reason = history.Fail, history.ClaimRefused
	}
	b.scribe.write(l)
}

func (b *recordedBoard) Post(ctx context.Context, p jobboard.Posting) error {
	l := b.invoke(p.ID, history.Record{Kind: history.Post})
	err := b.Board.Post(ctx, p)
	b.complete(l, err)
	return err
}

func (b *recordedBoard) Claim(
	ctx context.Context, s *jobboard.Session, job *jobboard.Job,
) (*jobboard.Claim, error) {
	l := b.invoke(job.ID, history.Record{Kind: history.Claim})
	c, err := b.Board.Claim(ctx, s, job)
	if err == nil {
		l.Record.Epoch, l.Record.Attempt, l.Record.Revision = c.Epoch(), int32(c.Attempt()), c.Revision()
	}
	b.complete(l, err)
	return c, err
}

func (b *recordedBoard) Adopt(
	ctx context.Context, s *jobboard.Session, job *jobboard.Job,
) (*jobboard.Claim, error) {
	c, err := b.Board.Adopt(ctx, s, job)
	if err == nil {
		l := b.invoke(job.ID, history.Record{Kind: history.Claim, Reason: history.ClaimAdopted})
		l.Record.Epoch, l.Record.Attempt, l.Record.Revision = c.Epoch(), int32(c.Attempt()), c.Revision()
		b.complete(l, nil)
	}
	return c, err
}

func (b *recordedBoard) Abandon(ctx context.Context, c *jobboard.Claim, a jobboard.Abandonment) error {
	r := history.Record{Kind: history.Abandon, Counted: a.Counted, Attempt: int32(c.Attempt())}
	if !a.Counted {
		r.Attempt-- // given back
	}
	return b.release(c, r, func() error { return b.Board.Abandon(ctx, c, a) })
}

func (b *recordedBoard) Consume(ctx context.Context, c *jobboard.Claim) error {
	r := history.Record{Kind: history.Consume, Attempt: int32(c.Attempt())}
	return b.release(c, r, func() error { return b.Board.Consume(ctx, c) })
}

func (b *recordedBoard) Trash(
	ctx context.Context, c *jobboard.Claim, why jobboard.Reason, last *failure.Failure,
) error {
	r := history.Record{Kind: history.Trash, Reason: string(why), Attempt: int32(c.Attempt())}
	return b.release(c, r, func() error { return b.Board.Trash(ctx, c, why, last) })
}

// release writes down a release, all tries of which are one operation.
func (b *recordedBoard) release(c *jobboard.Claim, r history.Record, try func() error) error {
	b.mu.Lock()
	l, again := b.open[c]
	b.mu.Unlock()
	if !again || l.Record.Kind != r.Kind {
		r.Epoch = c.Epoch()
		l = b.invoke(c.Job.ID, r)
	}
	err := try()
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(err, store.ErrUnknown) {
		b.open[c] = l
		return err
	}
	delete(b.open, c)
	l.Record.Revision = c.Released()
	b.complete(l, err)
	return err
}

func (b *recordedBoard) TrashExhausted(ctx context.Context, job *jobboard.Job, by string) error {
	l := b.invoke(job.ID, history.Record{
		Kind: history.Trash, Reason: history.TrashExhausted, Attempt: int32(job.Attempts),
	})
	err := b.Board.TrashExhausted(ctx, job, by)
	b.complete(l, err)
	return err
}

// merge makes one history of all files in a folder.
func merge(t *testing.T, folder string) *history.History {
	paths, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var all []placed
	for file, path := range paths {
		for _, l := range readLines(t, path) {
			all = append(all, placed{line: l, file: file})
		}
	}
	all = append(all, leaseEnds(all)...)
	all = slices.DeleteFunc(all, func(p placed) bool { return p.line.Claims != nil })
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.line.At, b.line.At) })
	r := history.NewRecorder(history.Header{
		Scenario: "processes", Attempts: attempts, RestWithin: int64(time.Minute),
	})
	type call struct {
		file   int
		number int64
	}
	calls := make(map[call]int64)
	for _, p := range all {
		record := p.line.Record
		record.At, record.Process, record.Job = p.line.At-all[0].line.At, r.Process(p.line.Process), history.None
		if p.line.Job != "" {
			record.Job = r.Job(p.line.Job)
		}
		if record.Type == history.Event || record.Kind == history.Save {
			record.Call = 0
		} else if record.Type != history.Invoke {
			record.Call = calls[call{p.file, record.Call}]
		}
		if record.Type == history.Invoke {
			record.Call = 0
			calls[call{p.file, p.line.Number}] = r.Append(record)
			continue
		}
		r.Append(record)
		r.Header().End = record.At
	}
	return r.History()
}

type placed struct {
	line line
	file int
}

// readLines leaves out a last line that its process did not finish.
func readLines(t *testing.T, path string) (lines []line) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var l line
		if json.Unmarshal(scanner.Bytes(), &l) != nil {
			break
		}
		lines = append(lines, l)
	}
	return lines
}

// leaseEnds finds the ends of leases in what the processes saw. Each was seen by several, all of them
// somewhat later than it happened; what happened after it, by the store's revisions, was completed after
// it too, which says when it was at the latest.
func leaseEnds(all []placed) (ends []placed) {
	seen := make(map[int64]line)
	var revisions []int64
	for _, p := range all {
		if p.line.Claims == nil {
			continue
		}
		at := p.line.Claims[0].Revision
		if earlier, known := seen[at]; !known {
			revisions = append(revisions, at)
		} else if earlier.At <= p.line.At {
			continue
		}
		seen[at] = p.line
	}
	slices.Sort(revisions)
	held := make(map[string]int64)
	for _, at := range revisions {
		l := seen[at]
		for _, claim := range l.Claims {
			epoch := held[claim.Job]
			if held[claim.Job] = claim.Epoch; !claim.Ended {
				continue
			}
			ends = append(ends, placed{line: line{
				At: min(l.At, firstAfter(all, at)-1), Process: "store", Job: claim.Job,
				Record: history.Record{
					Type: history.Event, Kind: history.LeaseEnd, Epoch: epoch, Revision: at,
				},
			}})
		}
	}
	return ends
}

// firstAfter is when the first operation of a later revision than at was completed.
func firstAfter(all []placed, at int64) int64 {
	first := int64(math.MaxInt64)
	for _, p := range all {
		if r := &p.line.Record; r.Type == history.OK && r.Revision > at {
			first = min(first, p.line.At)
		}
	}
	return first
}
