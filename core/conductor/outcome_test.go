package conductor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
)

// row is one way in which a run can end. The job is j; while it is looked at it may rest for long.
type row struct {
	name    string
	prepare func(p *plant, c *Config)
	want    string     // where the job is then
	told    event.Kind // how that was told
	cause   string     // what the failure says
	flow    string     // the flow's state in the logbook, if there is one
}

// rest is a backoff that keeps a job where it is while a test looks.
var rest = Backoff{First: time.Hour}

var outcomes = []row{
	{"the flow succeeded", func(p *plant, _ *Config) { p.post("j", "ok") }, "consumed", event.JobConsumed, "", "SUCCESS"},
	{"a task failed, and the flow was reverted", func(p *plant, _ *Config) {
		p.factory("bad", p.task("t", nil), p.task("u", fails(errBroken)))
		p.post("j", "bad")
	}, "consumed", event.JobConsumed, "it is broken", "REVERTED"},
	{"a task panicked", func(p *plant, _ *Config) {
		p.factory("bad", p.task("t", func(context.Context) error { panic("ouch") }))
		p.post("j", "bad")
	}, "consumed", event.JobConsumed, "ouch", "REVERTED"},
	{"a task failed, and its revert as well", func(p *plant, _ *Config) {
		task := p.task("t", fails(errBroken))
		task.Revert = func(context.Context, flow.Args, flow.Undo) error { return errInternal }
		p.factory("bad", task)
		p.post("j", "bad")
	}, "consumed", event.JobConsumed, "it is broken", "FAILURE"},
	{"a retry panicked instead of deciding", func(p *plant, _ *Config) {
		undecided := &flow.Retry{OnFailure: func(flow.Args, flow.History) flow.Decision { panic("ouch") }}
		p.flow("bad", func(name string) *flow.Flow {
			return flow.Linear(name, p.task("t", fails(errBroken))).WithRetry(undecided)
		})
		p.post("j", "bad")
	}, "unclaimed after 1", event.JobAbandoned, "OnFailure of bad_retry: bad_retry: ouch", "FAILURE"},
	{"a retry decided what is no decision", func(p *plant, _ *Config) {
		undecided := &flow.Retry{OnFailure: func(flow.Args, flow.History) flow.Decision { return 0 }}
		p.flow("bad", func(name string) *flow.Flow {
			return flow.Linear(name, p.task("t", fails(errBroken))).WithRetry(undecided)
		})
		p.post("j", "bad")
	}, "unclaimed after 1", event.JobAbandoned, "no decision", "FAILURE"},
	{"a decider panicked", func(p *plant, _ *Config) {
		p.flow("bad", func(name string) *flow.Flow {
			t, u := p.task("t", nil), p.task("u", nil)
			return flow.Graph(name, t, u).LinkIf(t, u, func(flow.Args) bool { panic("ouch") }, flow.DepthAll)
		})
		p.post("j", "bad")
	}, "unclaimed after 1", event.JobAbandoned, "ouch", "FAILURE"},
	{"the flow cannot be compiled", func(p *plant, _ *Config) {
		p.factory("twice", p.task("t", nil), p.task("t", nil))
		p.post("j", "twice")
	}, "consumed", event.JobConsumed, "compiled", ""},
	{"an argument is missing", func(p *plant, _ *Config) {
		task := p.task("t", nil)
		task.Requires = []string{"x"}
		p.factory("needs", task)
		p.post("j", "needs")
	}, "consumed", event.JobConsumed, "x", ""},
	{"every failure is internal", func(p *plant, _ *Config) {
		p.factory("unlucky", p.task("t", fails(errInternal)))
		p.post("j", "unlucky")
	}, "unclaimed after 1", event.JobAbandoned, "flooded", "REVERTED"},
	{"every failure is the storage's", func(p *plant, _ *Config) {
		p.factory("unlucky", p.task("t", fails(errDown)))
		p.post("j", "unlucky")
	}, "unclaimed after 1", event.JobAbandoned, "down", "REVERTED"},
	{"one of the failures is internal", func(p *plant, _ *Config) {
		task := p.task("t", fails(errInternal))
		task.Revert = func(context.Context, flow.Args, flow.Undo) error { return errBroken }
		p.factory("mixed", task)
		p.post("j", "mixed")
	}, "consumed", event.JobConsumed, "flooded", "FAILURE"},
	{"the book could not be read", func(p *plant, _ *Config) {
		p.post("k", "ok")
		p.must(p.board.Trash(p.ctx, p.claimNow("k"), jobboard.ByOperator, nil))
		p.must(p.board.Post(p.ctx, jobboard.Posting{ID: "j", Book: "book-k"}))
		p.store.failReads("book/", errDown)
	}, "unclaimed after 1", event.JobAbandoned, "down", ""},
	{"the logbook could not be read", func(p *plant, _ *Config) {
		p.post("j", "ok")
		p.store.failReads("flow/", errSilent)
	}, "unclaimed after 1", event.JobAbandoned, "silent", ""},
	{"the logbook could not be written", func(p *plant, _ *Config) {
		p.post("j", "ok")
		p.store.failCommits("save", refuse, -1)
	}, "unclaimed after 1", event.JobAbandoned, "down", ""},
	{"the logbook did not answer", func(p *plant, _ *Config) {
		p.post("j", "ok")
		p.store.failCommits("save", loseRequest, -1)
	}, "unclaimed after 1", event.JobAbandoned, "silent", ""},
	{"the logbook has been written by another", func(p *plant, _ *Config) {
		p.post("j", "ok")
		p.write("j", 7)
	}, "unclaimed after 1", event.JobAbandoned, "a newer claim", "RUNNING"},
	{"the logbook is written by another on the way", func(p *plant, _ *Config) {
		p.factory("meddled", p.task("t", func(context.Context) error { p.write("j", 7); return nil }))
		p.post("j", "meddled")
	}, "unclaimed after 1", event.JobAbandoned, "a newer claim", "RUNNING"},
	{"the logbook vanishes on the way", func(p *plant, _ *Config) {
		p.factory("vanishing", p.task("t", func(context.Context) error {
			p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete("flow/flow-j/h")}})
			return nil
		}))
		p.post("j", "vanishing")
	}, "unclaimed after 1", event.JobAbandoned, "not in the logbook", "?"},
	{"the run took longer than its limit", func(p *plant, c *Config) {
		c.RunLimit = 2 * time.Second
		p.factory("slow", p.task("t", hang))
		p.post("j", "slow")
	}, "unclaimed after 1", event.JobAbandoned, "longer than its limit of 2s", "RUNNING"},
	{"the run took longer than its limit and is deaf", func(p *plant, c *Config) {
		c.RunLimit = 2 * time.Second
		p.factory("slow", p.task("t", deaf(time.Minute)))
		p.post("j", "slow")
	}, "unclaimed after 1", event.JobAbandoned, "longer than its limit of 2s", "RUNNING"},
	{"the run succeeded within its limit", func(p *plant, c *Config) {
		c.RunLimit = time.Minute
		p.factory("slow", p.task("t", deaf(time.Second)))
		p.post("j", "slow")
	}, "consumed", event.JobConsumed, "", "SUCCESS"},
	{"what runs the flow panicked", func(p *plant, c *Config) {
		c.Books = explosive{p.books}
		p.post("j", "ok")
	}, "unclaimed after 1", event.JobAbandoned, "the shelf has collapsed", ""},
	{"the book is missing", func(p *plant, _ *Config) {
		p.must(p.board.Post(p.ctx, jobboard.Posting{ID: "j", Book: "nowhere"}))
	}, "trashed as undispatchable after 1", event.JobTrashed, "nowhere", "?"},
	{"the book has no flow detail", func(p *plant, _ *Config) {
		p.must(p.books.Create(p.ctx, logbook.Book{ID: "b"}))
		p.must(p.board.Post(p.ctx, jobboard.Posting{ID: "j", Book: "b"}))
	}, "trashed as undispatchable after 1", event.JobTrashed, "no flow detail", "?"},
	{"the book has several flow details", func(p *plant, _ *Config) {
		p.must(p.books.Create(p.ctx, logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}, logbook.FlowDetail{ID: "g"}))
		p.must(p.board.Post(p.ctx, jobboard.Posting{ID: "j", Book: "b"}))
	}, "trashed as undispatchable after 1", event.JobTrashed, "several", "?"},
	{"the flow detail is missing", func(p *plant, _ *Config) {
		p.must(p.board.Post(p.ctx, jobboard.Posting{ID: "j", Flow: "nowhere"}))
	}, "trashed as undispatchable after 1", event.JobTrashed, "nowhere", "?"},
	{"the flow detail is damaged", func(p *plant, _ *Config) {
		p.post("j", "ok")
		p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Put("flow/flow-j/p", []byte("?"))}})
	}, "trashed as undispatchable after 1", event.JobTrashed, "damaged", "?"},
	{"the factory is missing", func(p *plant, _ *Config) { p.post("j", "unheard-of") }, "trashed as undispatchable after 1", event.JobTrashed, "unheard-of", ""},
	{"the factory fails", func(p *plant, _ *Config) {
		p.must(p.flows.Register("bad", func(flow.Args) (*flow.Flow, error) { return nil, errBroken }))
		p.post("j", "bad")
	}, "trashed as undispatchable after 1", event.JobTrashed, "it is broken", ""},
	{"the factory panics", func(p *plant, _ *Config) {
		p.must(p.flows.Register("bad", func(flow.Args) (*flow.Flow, error) { panic("ouch") }))
		p.post("j", "bad")
	}, "trashed as undispatchable after 1", event.JobTrashed, "ouch", ""},
	{"the factory makes nothing", func(p *plant, _ *Config) {
		p.must(p.flows.Register("bad", func(flow.Args) (*flow.Flow, error) { return nil, nil }))
		p.post("j", "bad")
	}, "trashed as undispatchable after 1", event.JobTrashed, "made no flow", ""},
	{"the factory says that it is not the job's fault", func(p *plant, _ *Config) {
		p.must(p.flows.Register("bad", func(flow.Args) (*flow.Flow, error) { return nil, errInternal }))
		p.post("j", "bad")
	}, "unclaimed after 1", event.JobAbandoned, "flooded", ""},
	{"a book with one flow detail needs no name of it", func(p *plant, _ *Config) {
		p.must(p.books.Create(p.ctx, logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "flow-j", Factory: "ok"}))
		p.must(p.board.Post(p.ctx, jobboard.Posting{ID: "j", Book: "b"}))
	}, "consumed", event.JobConsumed, "", "SUCCESS"},
}

// explosive is a library whose books cannot be opened at all.
type explosive struct{ *logbook.Library }

func (explosive) Open(context.Context, string, string, int64) (*logbook.Writer, error) {
	panic("the shelf has collapsed")
}

// claimNow claims a job for nobody in particular.
func (p *plant) claimNow(id string) *jobboard.Claim {
	p.Helper()
	s, err := p.board.Register(p.ctx, jobboard.Entity{Kind: "test", Name: "test"}, time.Hour)
	p.must(err)
	j, err := p.board.Find(p.ctx, id)
	p.must(err)
	c, err := p.board.Claim(p.ctx, s, &j)
	p.must(err)
	return c
}

// write writes to the logbook of a job as a claim of that epoch would.
func (p *plant) write(id string, epoch int64) {
	w, err := p.books.Open(p.ctx, "flow-"+id, id, epoch)
	p.must(err)
	_, err = w.Save(p.ctx, logbook.Batch{State: "RUNNING"})
	p.must(err)
}

// TestOutcomes goes through the table in the package's documentation.
func TestOutcomes(t *testing.T) {
	for _, c := range outcomes {
		t.Run(c.name, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				w := p.employ("a", func(config *Config) {
					config.Policy.Backoff = rest
					c.prepare(p, config)
				})
				time.Sleep(30 * time.Second)
				p.store.heal()
				p.expect("j", c.want)
				told := p.heard("j", event.JobConsumed, event.JobAbandoned, event.JobTrashed, event.ClaimLost)
				if len(told) != 1 || told[0].Kind != c.told {
					p.Fatalf("told: %+v", told)
				}
				if got := told[0].Failure; (got == nil) != (c.cause == "") || got != nil && !strings.Contains(got.Error(), c.cause) {
					p.Errorf("the failure is %v, want %q", got, c.cause)
				}
				if c.flow != "?" && p.count("", event.JobClaimed) == 1 && !strings.Contains(c.name, "book could") {
					if got := p.flowState("j"); got != c.flow {
						p.Errorf("the flow is %q, want %q", got, c.flow)
					}
				}
				p.checkLast(c)
				w.leave()
				time.Sleep(time.Minute) // for those that are deaf
			})
		})
	}
}

// checkLast compares the failure that the board remembers with the one that was told.
func (p *plant) checkLast(c row) {
	p.Helper()
	var last *failure.Failure
	switch c.told {
	case event.JobAbandoned:
		j, err := p.board.Find(p.ctx, "j")
		p.must(err)
		last = j.Last
		if until := time.Until(j.NotBefore); until < time.Minute {
			p.Errorf("the job rests for %v", until)
		}
		if last != nil && !last.Class.Internal() {
			p.Errorf("a failure of class %s sends no job back to the board", last.Class)
		}
	case event.JobTrashed:
		list, err := p.board.TrashList(p.ctx)
		p.must(err)
		for _, t := range list {
			if t.ID == "j" {
				last = t.Last
			}
		}
	default:
		return
	}
	if told := p.heard("j", c.told)[0]; !last.Same(told.Failure) || last == nil || told.Attempt != 1 || told.Epoch != 1 {
		p.Errorf("told %+v, remembered %v", told, last)
	}
}

// TestAbandonedIsTrashedAtTheLimit: every outcome that abandons trashes when it was the last attempt.
func TestAbandonedIsTrashedAtTheLimit(t *testing.T) {
	for _, c := range outcomes {
		if c.told != event.JobAbandoned {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				w := p.employ("a", func(config *Config) {
					config.Policy.Attempts = 1
					c.prepare(p, config)
				})
				time.Sleep(30 * time.Second)
				p.store.heal()
				p.expect("j", "trashed as exhausted after 1")
				if told := p.heard("j", event.JobTrashed); len(told) != 1 || told[0].Reason != string(jobboard.Exhausted) {
					p.Errorf("told %+v", told)
				}
				w.leave()
				time.Sleep(time.Minute)
			})
		})
	}
}

// TestStopGivesBack: the engine stops before its next task, and the attempt is given back.
func TestStopGivesBack(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("two", p.task("first", deaf(5*time.Second)), p.task("second", nil))
		p.post("j", "two")
		w := p.employ("a", nil)
		time.Sleep(time.Second)
		if w.Dispatching() != 1 {
			p.Errorf("it works on %d jobs", w.Dispatching())
		}
		began := time.Now()
		w.leave()
		if waited := time.Since(began); waited < 3*time.Second || waited > 5*time.Second {
			p.Errorf("the stop took %v", waited)
		}
		p.expect("j", "unclaimed after 0")
		told := p.heard("j", event.JobAbandoned, event.JobConsumed)
		if len(told) != 1 || told[0].Counted || told[0].Attempt != 0 || told[0].Failure != nil {
			p.Errorf("told: %+v", told)
		}
		if p.executed("first") != 1 || p.executed("second") != 0 || p.flowState("j") != "SUSPENDED" {
			p.Errorf("first %d, second %d, flow %s", p.executed("first"), p.executed("second"), p.flowState("j"))
		}
		if j, err := p.board.Find(p.ctx, "j"); err != nil || !j.NotBefore.IsZero() {
			p.Errorf("a job that nothing is wrong with need not rest: %+v, %v", j, err)
		}
		w = p.employ("b", nil)
		time.Sleep(time.Second)
		if p.executed("first") != 1 || p.executed("second") != 1 {
			p.Errorf("resumed: first %d, second %d", p.executed("first"), p.executed("second"))
		}
		p.expect("j", "consumed")
		w.leave()
	})
}

// TestGrace: what still runs then is left to its lease, which tells its task and spends the attempt.
func TestGrace(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("slow", p.task("t", deaf(time.Minute)))
		p.post("j", "slow")
		w := p.employ("a", func(c *Config) { c.Grace = 3 * time.Second })
		time.Sleep(time.Second)
		began := time.Now()
		w.leave()
		if waited := time.Since(began); waited != 3*time.Second {
			p.Errorf("the stop took %v", waited)
		}
		p.expect("j", "claimed after 1")
		time.Sleep(10 * time.Second)
		p.expect("j", "unclaimed after 1")
		time.Sleep(time.Minute)
		if told := p.heard("j", event.JobConsumed, event.JobAbandoned, event.ClaimLost); len(told) != 1 || told[0].Kind != event.ClaimLost {
			p.Errorf("told: %+v", told)
		}
		p.expect("j", "unclaimed after 1")
	})
}

// TestEndOfContext: it is no stop, and leaves claims to their lease; the session is not revoked.
func TestEndOfContext(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("long", p.task("t", hang))
		p.post("j", "long")
		ctx, end := host.WithCancel(p.ctx)
		w := p.start(ctx, p.conductor("a", nil))
		time.Sleep(time.Second)
		end(errBroken)
		if err := <-w.returned; !errors.Is(err, errBroken) {
			p.Errorf("Run returned %v", err)
		}
		p.expect("j", "claimed after 1")
		time.Sleep(11 * time.Second)
		p.expect("j", "unclaimed after 1")
	})
}

// TestClaimLost: once the board says that the claim is gone, its task is told, and nothing is done to
// the job.
func TestClaimLost(t *testing.T) {
	for _, limit := range []time.Duration{0, time.Hour} {
		inPlant(t, func(p *plant) {
			p.factory("long", p.task("t", hang), p.task("u", nil))
			p.post("j", "long")
			w := p.employ("a", func(c *Config) { c.RunLimit = limit; c.Policy.Attempts = 1 })
			time.Sleep(time.Second)
			p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete(jobboard.ClaimKey("j"))}})
			time.Sleep(time.Second)
			if p.count("j", event.ClaimLost) != 1 || p.executed("u") != 0 {
				p.Errorf("lost %d, u executed %d", p.count("j", event.ClaimLost), p.executed("u"))
			}
			if n := p.store.count("trash"); n != 1 { // by the next claimer, who is the same conductor
				p.Errorf("%d trashes: that of a claim that is known to be lost is not tried", n)
			}
			p.expect("j", "trashed as exhausted after 1")
			if told := p.heard("j", event.JobTrashed); len(told) != 1 || told[0].Epoch != 0 {
				p.Errorf("told: %+v", told)
			}
			w.leave()
		})
	}
}

// slow is a library in which books cannot be opened before the context ends.
type slow struct {
	*logbook.Library
	fail error
}

func (s slow) Open(ctx context.Context, _, _ string, _ int64) (*logbook.Writer, error) {
	_ = hang(ctx)
	return nil, s.fail
}

// TestClaimLostWhileLoading: whatever loading came to, nothing is done to the job.
func TestClaimLostWhileLoading(t *testing.T) {
	for _, fail := range []error{errDown, errBroken, logbook.ErrNotFound} {
		inPlant(t, func(p *plant) {
			p.post("j", "ok")
			w := p.employ("a", func(c *Config) { c.Books = slow{p.books, fail} })
			time.Sleep(time.Second)
			p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete(jobboard.ClaimKey("j"))}})
			time.Sleep(time.Second)
			if p.count("j", event.ClaimLost) != 1 || p.store.count("abandon")+p.store.count("trash") != 0 {
				p.Errorf("%v: told %+v", fail, p.heard("j", event.ClaimLost))
			}
			p.expect("j", "claimed after 2")
			w.leave()
		})
	}
}

// TestAtLimit: a run that has ended in time is what it is, however late that is noticed.
func TestAtLimit(t *testing.T) {
	s := &shift{Conductor: &Conductor{config: Config{RunLimit: time.Minute}}}
	for _, c := range []struct {
		own     fate
		tooLong bool
		want    fate
	}{
		{0, false, lost},
		{0, true, abandon},
		{consume, false, consume},
		{consume, true, consume},
		{trash, false, trash},
		{trash, true, trash},
		{abandon, false, abandon},
		{abandon, true, abandon},
		{lost, false, lost},
		{lost, true, lost},
	} {
		got := s.atLimit(verdict{fate: c.own}, c.tooLong)
		blamed := got.last() != nil
		if got.fate != c.want || blamed != (c.tooLong && c.want == abandon) {
			t.Errorf("fate %d, too long %t: %+v", c.own, c.tooLong, got)
		}
	}
}

// TestDeafTaskOfALostClaim: its conductor does not claim the job again while the task goes on.
func TestDeafTaskOfALostClaim(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("deaf", p.task("t", deaf(10*time.Second)))
		p.post("j", "deaf")
		w := p.employ("a", func(c *Config) { c.MaxJobs = 3 })
		time.Sleep(time.Second)
		p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete(jobboard.ClaimKey("j"))}})
		time.Sleep(8 * time.Second)
		if p.executed("t") != 1 || p.count("j", event.JobClaimed) != 1 {
			p.Errorf("executed %d, claimed %d", p.executed("t"), p.count("j", event.JobClaimed))
		}
		time.Sleep(14 * time.Second)
		p.expect("j", "consumed")
		if p.executed("t") != 2 || p.count("j", event.JobClaimed) != 2 {
			p.Errorf("executed %d, claimed %d", p.executed("t"), p.count("j", event.JobClaimed))
		}
		w.leave()
	})
}
