package conductor

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/record"
	"derail/core/store"
)

// spoil changes a bit of what is stored under a key.
func (p *plant) spoil(key string) {
	p.Helper()
	pair, _, err := p.store.Get(p.ctx, key)
	p.must(err)
	value := bytes.Clone(pair.Value)
	value[len(value)/2] ^= 4
	c := p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.PutLeased(key, value, pair.Lease)}})
	p.must(c.Err)
}

// TestDamagedLedger: the job goes into the trash and can come back, with an epoch that no claim has had.
func TestDamagedLedger(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		for range 3 {
			c := p.claimNow("j")
			p.must(c.Session.Close(p.ctx))
		}
		p.spoil("board/l/j")
		w := p.employ("a", nil)
		time.Sleep(5 * time.Second)
		p.expect("j", "trashed as unreadable after 0")
		told := p.heard("j", event.RecordDamaged)
		if len(told) != 1 || told[0].Reason != "board/l/j" || told[0].Failure == nil {
			p.Errorf("told: %+v", told)
		}
		p.must(p.board.Restore(p.ctx, "j"))
		time.Sleep(5 * time.Second)
		p.expect("j", "consumed")
		claimed := p.heard("j", event.JobClaimed)
		if len(claimed) != 1 || claimed[0].Epoch <= 4 || p.executed("t2") != 1 {
			p.Errorf("claimed: %+v", claimed)
		}
		w.leave()
	})
}

// TestDamagedPosting: it has to be repaired before it can be restored.
func TestDamagedPosting(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		sound, err := p.board.Find(p.ctx, "j")
		p.must(err)
		p.spoil("board/j/j")
		w := p.employ("a", nil)
		time.Sleep(5 * time.Second)
		p.expect("j", "trashed as unreadable after 0")
		if err := p.board.Restore(p.ctx, "j"); err == nil {
			p.Error("a posting that cannot be read was restored")
		}
		p.must(p.board.Repair(p.ctx, sound.Posting))
		p.must(p.board.Restore(p.ctx, "j"))
		time.Sleep(5 * time.Second)
		p.expect("j", "consumed")
		w.leave()
	})
}

// rotten is a store of which some records have changed where they lie: every read finds them like that, and
// no comparison notices.
type rotten struct {
	*faulty
	mu   sync.Mutex
	keys map[string]bool
}

func (r *rotten) rot(pair *store.Pair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[pair.Key] && len(pair.Value) > 0 {
		pair.Value = bytes.Clone(pair.Value)
		pair.Value[len(pair.Value)/2] ^= 4
	}
}

func (r *rotten) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	pair, at, err := r.faulty.Get(ctx, key)
	r.rot(&pair)
	return pair, at, err
}

func (r *rotten) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	snap, err := r.faulty.Range(ctx, prefix)
	for i := range snap.Pairs {
		r.rot(&snap.Pairs[i])
	}
	return snap, err
}

// TestDamageWhileClaimed: what is damaged while a job is claimed does not touch its owner, nor others who
// come later; a claim whose own answer is lost is taken up.
func TestDamageWhileClaimed(t *testing.T) {
	for _, key := range []string{"board/j/j", "board/l/j", "board/c/j"} {
		for _, lost := range []bool{false, true} {
			if lost && key != "board/c/j" {
				continue // see TestUnreadableUnderOwnLease
			}
			inPlant(t, func(p *plant) {
				r := &rotten{faulty: p.store, keys: map[string]bool{}}
				p.board = jobboard.New(jobboard.Config{Store: r, Host: host.Real()})
				p.factory("slow", p.task("s", func(context.Context) error { time.Sleep(20 * time.Second); return nil }))
				p.post("j", "slow")
				if lost {
					r.keys[key] = true
					p.store.failCommits("claim", loseAnswer, 1)
				}
				a := p.employ("a", nil)
				time.Sleep(5 * time.Second)
				r.mu.Lock()
				r.keys[key] = true
				r.mu.Unlock()
				b := p.employ("b", nil)
				time.Sleep(time.Minute)
				p.expect("j", "consumed")
				if p.executed("s") != 1 || p.count("j", event.JobClaimed) != 1 {
					p.Errorf("%s: executed %d times", key, p.executed("s"))
				}
				if told := p.count("j", event.RecordDamaged); lost && told != 1 {
					p.Errorf("%s: told %d times", key, told)
				}
				a.leave()
				b.leave()
			})
		}
	}
}

// TestDamagedLogbook: a logbook that cannot be read costs attempts, and the job is trashed after the last for
// just that; what is excused of the storage does not excuse it. Without a limit it is trashed at once.
func TestDamagedLogbook(t *testing.T) {
	for key, what := range map[string]string{
		"book/b": "book", "flow/f/p": "plan", "flow/f/h": "head", "flow/f/a/t1": "atom",
	} {
		for _, attempts := range []int{0, 3} {
			inPlant(t, func(p *plant) {
				p.must(p.books.Create(p.ctx, logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f", Factory: "ok"}))
				p.must(p.board.Post(p.ctx, jobboard.Posting{ID: "j", Book: "b"}))
				p.must(p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Put(key, []byte("?"))}}).Err)
				w := p.employ("a", func(c *Config) {
					c.Policy = Policy{Attempts: attempts, Excuse: []failure.Class{failure.Storage}}
				})
				time.Sleep(time.Minute)
				want := "trashed as exhausted after 3"
				if attempts == 0 {
					want = "trashed as undispatchable after 1"
				}
				p.expect("j", want)
				told, trashed := p.heard("j", event.RecordDamaged), p.heard("j", event.JobTrashed)
				if len(told) != max(attempts, 1) || told[0].Reason != key {
					p.Errorf("%s: told %+v", key, told)
				}
				if len(trashed) != 1 || !trashed[0].Failure.Caused("record.DamagedError") ||
					!strings.Contains(trashed[0].Failure.Text, key+": damaged "+what) {
					p.Errorf("%s: trashed %+v", key, trashed)
				}
				w.leave()
			})
		}
	}
}

// TestForeignRecord: a record that is whole, and of a version that is not known, is no damage: a newer
// program may want it. It is left where it is.
func TestForeignRecord(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		key := "board/j/j"
		p.must(p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Put(key, newer())}}).Err)
		p.post("k", "ok")
		w := p.employ("a", nil)
		time.Sleep(time.Hour)
		p.expect("k", "consumed")
		pair, _, err := p.store.Get(p.ctx, key)
		p.must(err)
		if !bytes.Equal(pair.Value, newer()) || p.count("j", event.JobTrashed) != 0 {
			p.Error("it was taken off the board")
		}
		if n := p.store.count("read"); n > 200 {
			p.Errorf("%d reads in an hour", n)
		}
		w.leave()
	})
}

// TestUnreadableUnderOwnLease: a claim whose making got no answer, on a job whose ledger is damaged since,
// can be taken up by nobody; the session is given up for it.
func TestUnreadableUnderOwnLease(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		p.store.failCommits("claim", loseAnswer, 1)
		p.store.set(func(f *faulty) {
			f.read = func(key string) error {
				if key == jobboard.ClaimKey("j") {
					return fmt.Errorf("%w: not now", store.ErrUnknown)
				}
				return nil
			}
			lose := f.commit
			f.commit = func(txn *store.Txn) (fault, bool) {
				how, hit := lose(txn)
				if hit {
					txn.Then[1].Value = []byte("?") // the ledger
				}
				return how, hit
			}
		})
		w := p.employ("a", nil)
		time.Sleep(5 * time.Second)
		p.store.heal()
		time.Sleep(time.Minute)
		p.expect("j", "trashed as unreadable after 0")
		if p.count("", event.SessionLost) == 0 {
			p.Error("the session was kept")
		}
		p.post("k", "ok")
		time.Sleep(5 * time.Second)
		p.expect("k", "consumed")
		w.leave()
	})
}

// newer is a posting as a program of the future writes it.
func newer() []byte {
	w := record.Begin('J', 77, 16)
	w.Text("who knows")
	return w.End()
}
