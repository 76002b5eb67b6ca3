package jobboard_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/state"
	"derail/core/store"
	"derail/core/store/memory"
)

// lapse is how a claim expires.
//
// A session's claims hang on one lease, whose end drops all of them; a recorded expire drops one. So it
// is played in two ways. In the first, each user has one session for all claims, as a conductor has, and
// the claim's record is deleted from the store, which is all that the end of a lease does to a claim. In
// the second each claim has a session to itself, under the user's name, and the clock goes on until its
// lease has ended, while the other sessions are renewed.
type lapse string

const (
	recordGone lapse = "their record is gone"
	leaseEnded lapse = "their lease has ended"
)

// patience is how long a session lives that is not renewed.
const patience = 10 * time.Second

var ways = []lapse{recordGone, leaseEnded}

// classes says which of TaskFlow's errors each error of the board is.
var classes = []struct {
	err   error
	class string
}{
	{jobboard.ErrGone, "NotFound"},
	{errNobodys, "NotFound"},
	{jobboard.ErrHeld, "UnclaimableJob"},
	{jobboard.ErrLost, "JobFailure"},
}

// errNobodys: a release of a job that nobody owns. TaskFlow tells this from another's job; the board
// says ErrLost to both, and who owns the job when asked.
var errNobodys = errors.New("nobody owns the job")

// stage is where a recording is played.
type stage struct {
	t     *testing.T
	ctx   context.Context
	store *memory.Store
	way   lapse
	users map[string]*user
	seen  map[string]*jobboard.Job // each job as it was last seen; TaskFlow's users keep such jobs too
	open  []*jobboard.Session
}

// user has a connection of its own to the board.
type user struct {
	*stage
	name    string
	board   *jobboard.Board
	session *jobboard.Session
	claims  map[string]*jobboard.Claim // the latest on each job, over or not
}

func newStage(t *testing.T, way lapse) *stage {
	st := &stage{
		t: t, ctx: t.Context(), store: memory.New(host.Real()), way: way,
		users: map[string]*user{}, seen: map[string]*jobboard.Job{},
	}
	for _, name := range []string{"A", "B", "C"} {
		u := &user{
			stage: st, name: name, claims: map[string]*jobboard.Claim{},
			board: jobboard.New(jobboard.Config{Store: st.store, Host: host.Real()}),
		}
		u.session = u.register()
		st.users[name] = u
	}
	return st
}

func (u *user) register() *jobboard.Session {
	s, err := u.board.Register(u.ctx, jobboard.Entity{Kind: "conductor", Name: u.name}, patience)
	if err != nil {
		u.t.Fatal(err)
	}
	u.open = append(u.open, s)
	return s
}

// do carries one step out. An error is one that TaskFlow has no class for.
func (st *stage) do(s *step) (answer, error) {
	u := st.users[s.Who]
	if u == nil {
		return answer{}, fmt.Errorf("nobody is called %q", s.Who)
	}
	value, err := u.do(s)
	if err == nil {
		return answer{OK: value}, nil
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return answer{Error: c.class}, nil
		}
	}
	return answer{}, err
}

func (u *user) do(s *step) (any, error) {
	switch s.Op {
	case "post":
		return u.post(s.Job, s.Priority)
	case "claim":
		return nil, u.claim(s.Job)
	case "abandon":
		return nil, u.release(s.Job, func(c *jobboard.Claim) error {
			return u.board.Abandon(u.ctx, c, jobboard.Abandonment{Counted: true})
		})
	case "consume":
		return nil, u.release(s.Job, func(c *jobboard.Claim) error { return u.board.Consume(u.ctx, c) })
	case "trash":
		return nil, u.release(s.Job, func(c *jobboard.Claim) error {
			return u.board.Trash(u.ctx, c, jobboard.ByOperator, nil)
		})
	case "list", "list_unclaimed":
		return u.list(s.Op == "list_unclaimed")
	case "count":
		return u.board.Count(u.ctx)
	case "owner":
		return u.ownerOf(s.Job)
	case "state":
		return u.stateOf(s.Job)
	case "expire":
		return u.expire(s.Job)
	default:
		return nil, fmt.Errorf("there is no operation %q", s.Op)
	}
}

func (u *user) post(id, priority string) (any, error) {
	p, err := jobboard.ParsePriority(priority)
	if err != nil {
		return nil, err
	}
	return id, u.board.Post(u.ctx, jobboard.Posting{ID: id, Name: id, Priority: p})
}

// look returns the job as the board shows it, or, of one that has left the board, as it was last seen
// there: it is the board that is to refuse it then, not the test.
func (u *user) look(id string) (*jobboard.Job, error) {
	job, err := u.board.Find(u.ctx, id)
	switch {
	case err == nil:
		u.seen[id] = &job
	case !errors.Is(err, jobboard.ErrGone) || u.seen[id] == nil:
		return nil, err
	}
	return u.seen[id], nil
}

func (u *user) claim(id string) error {
	job, err := u.look(id)
	if err != nil {
		return err
	}
	under := u.session
	if u.way == leaseEnded {
		under = u.register()
	}
	c, err := u.board.Claim(u.ctx, under, job)
	if err == nil {
		u.claims[id] = c
	}
	return err
}

// release ends a claim in the user's name, whether the job is the user's or not.
func (u *user) release(id string, how func(*jobboard.Claim) error) error {
	job, err := u.look(id)
	if err != nil {
		return err
	}
	c := u.claims[id]
	if c == nil {
		// Who has never claimed the job has no Claim to show. The board hands none out, and takes none
		// that is made up from what can be seen.
		if c, err = u.board.Adopt(u.ctx, u.session, job); err != nil {
			c = &jobboard.Claim{Job: *job, Session: u.session}
		}
	}
	err = how(c)
	if !errors.Is(err, jobboard.ErrLost) {
		return err
	}
	switch holder, gone := u.board.Owner(u.ctx, id); {
	case gone != nil:
		return gone
	case holder.Owner == "":
		return errNobodys
	default:
		return err
	}
}

func (u *user) list(unclaimed bool) (any, error) {
	jobs, err := u.board.List(u.ctx)
	names := []any{}
	for i := range jobs {
		u.seen[jobs[i].ID] = &jobs[i]
		if !unclaimed || jobs[i].State == state.Unclaimed {
			names = append(names, jobs[i].ID)
		}
	}
	return names, err
}

func (u *user) ownerOf(id string) (any, error) {
	holder, err := u.board.Owner(u.ctx, id)
	switch {
	case errors.Is(err, jobboard.ErrGone), err == nil && holder.Owner == "":
		return nil, nil
	default:
		return holder.Owner, err
	}
}

// stateOf says COMPLETE of a job that has left the board in whatever way: TaskFlow cannot tell.
func (u *user) stateOf(id string) (any, error) {
	job, err := u.board.Find(u.ctx, id)
	if !errors.Is(err, jobboard.ErrGone) {
		return job.State, err
	}
	end, err := u.board.WaitGone(u.ctx, id, 0)
	if end == state.Trashed {
		end = state.Complete
	}
	return end, err
}

// expire drops the claim on a job, and reports whether there was one.
func (u *user) expire(id string) (any, error) {
	claim, _, err := u.store.Get(u.ctx, jobboard.ClaimKey(id))
	if err != nil || claim.Changed == 0 {
		return false, err
	}
	if u.way == recordGone {
		c := u.store.Commit(u.ctx, store.Txn{Then: []store.Op{store.Delete(claim.Key)}})
		return true, c.Err
	}
	holder, err := u.board.Owner(u.ctx, id)
	if err != nil {
		return nil, err
	}
	expired := u.users[holder.Owner].claims[id].Session
	for range 2 {
		time.Sleep(patience * 6 / 10)
		for _, s := range u.open {
			if s == expired {
				continue
			}
			if err := s.Renew(u.ctx); err != nil {
				return nil, err
			}
		}
	}
	u.drop(expired)
	return true, nil
}

// drop forgets a session that is over.
func (st *stage) drop(over *jobboard.Session) {
	for i, s := range st.open {
		if s == over {
			st.open = append(st.open[:i], st.open[i+1:]...)
			return
		}
	}
}
