package jobboard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"derail/core/failpoints"
	"derail/core/failure"
	"derail/core/store"
)

// deed is one of the board's calls, to be done to one job.
type deed struct {
	name    string
	label   string
	before  string // where the job is before
	after   string // and after the deed has happened
	again   error  // what a second call says after the first happened without anybody knowing
	prepare func(o *office) (act func() error)
}

var problem = &failure.Failure{Class: failure.Execution, Text: "no luck"}

var deeds = []deed{
	{"claim", labelClaim, "UNCLAIMED epoch 0 attempts 0", "CLAIMED epoch 1 attempts 1", ErrHeld, func(o *office) func() error {
		o.post("j")
		s, j := o.session("a"), o.job("j")
		return func() error {
			c, err := o.Claim(o.ctx, s, j)
			if err == nil && (c.Epoch() != 1 || c.Attempt() != 1 || c.Revision() != int64(o.job("j").claimAt)) {
				o.Errorf("the claim is %+v", c)
			}
			return err
		}
	}},
	{"abandon", labelAbandon, "CLAIMED epoch 1 attempts 1", "UNCLAIMED epoch 1 attempts 1", nil, func(o *office) func() error {
		o.post("j")
		c := o.claim(o.session("a"), "j")
		return func() error { return o.Abandon(o.ctx, c, Abandonment{Counted: true, Failure: problem}) }
	}},
	{"consume", labelConsume, "CLAIMED epoch 1 attempts 1", "gone", nil, func(o *office) func() error {
		o.post("j")
		c := o.claim(o.session("a"), "j")
		return func() error { return o.Consume(o.ctx, c) }
	}},
	{"trash", labelTrash, "CLAIMED epoch 1 attempts 1", "trash exhausted attempts 1", nil, func(o *office) func() error {
		o.post("j")
		c := o.claim(o.session("a"), "j")
		return func() error { return o.Trash(o.ctx, c, Exhausted, problem) }
	}},
	{"trash exhausted", labelTrash, "UNCLAIMED epoch 1 attempts 1", "trash exhausted attempts 1", ErrGone, func(o *office) func() error {
		o.post("j")
		s := o.session("a")
		o.claim(s, "j")
		o.must(s.Close(o.ctx))
		j := o.job("j")
		return func() error { return o.TrashExhausted(o.ctx, j, "b") }
	}},
	{"restore", labelRestore, "trash operator attempts 1", "UNCLAIMED epoch 1 attempts 0", ErrGone, func(o *office) func() error {
		o.post("j")
		o.must(o.Trash(o.ctx, o.claim(o.session("a"), "j"), ByOperator, nil))
		return func() error { return o.Restore(o.ctx, "j") }
	}},
	{"purge", labelPurge, "trash operator attempts 1", "gone", ErrGone, func(o *office) func() error {
		o.post("j")
		o.must(o.Trash(o.ctx, o.claim(o.session("a"), "j"), ByOperator, nil))
		return func() error { return o.Purge(o.ctx, "j") }
	}},
	{"post", labelPost, "gone", "UNCLAIMED epoch 0 attempts 0", ErrExists, func(o *office) func() error {
		return func() error { return o.Post(o.ctx, Posting{ID: "j"}) }
	}},
}

// TestOutcomes does every deed under every way in which the store may answer.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name     string
		script   []fault
		want     error // what the call returns
		happened bool
	}{
		{"done", nil, nil, true},
		{"refused once", []fault{refuse}, nil, true},
		{"refused always", []fault{refuse, refuse, refuse}, store.ErrRefused, false},
		{"applied, answer lost", []fault{loseAnswer}, nil, true},
		{"refused, then applied, answer lost", []fault{refuse, loseAnswer}, nil, true},
		{"request lost", []fault{loseRequest}, nil, true},
		{"request lost, then refused", []fault{loseRequest, refuse, refuse}, store.ErrUnknown, false},
		{"request lost always", []fault{loseRequest, loseRequest, loseRequest}, store.ErrUnknown, false},
	} {
		for _, d := range deeds {
			t.Run(c.name+"/"+d.name, func(t *testing.T) {
				inOffice(t, func(o *office) {
					act := d.prepare(o)
					o.store.plan(d.label, c.script...)
					want, place := c.want, d.before
					if c.happened {
						place = d.after
					}
					if d.name == "post" && strings.HasPrefix(c.name, "request lost") {
						want, place = store.ErrUnknown, d.before // it is not sent again
					}
					if err := act(); !errors.Is(err, want) {
						o.Errorf("got %v, want %v", err, want)
					}
					if got := o.where("j"); got != place {
						o.Errorf("the job: %s, want %s", got, place)
					}
				})
			})
		}
	}
}

// TestArrivesLate has the request arrive between any two of the calls by which the board tries to find
// out: the answer must be that it happened, once.
func TestArrivesLate(t *testing.T) {
	for _, d := range deeds {
		for patience := 1; patience <= 4; patience++ {
			t.Run(fmt.Sprint(d.name, "/", patience), func(t *testing.T) {
				inOffice(t, func(o *office) {
					act := d.prepare(o)
					o.store.plan(d.label, hold)
					o.store.patience = patience
					if err := act(); err != nil {
						o.Errorf("got %v", err)
					}
					o.store.arrive(o.ctx)
					if got := o.where("j"); got != d.after {
						o.Errorf("the job: %s, want %s", got, d.after)
					}
				})
			})
		}
	}
}

// TestArrivesAfterTheCall has the request arrive when nobody waits for it any more.
func TestArrivesAfterTheCall(t *testing.T) {
	for _, d := range deeds {
		t.Run(d.name, func(t *testing.T) {
			inOffice(t, func(o *office) {
				act := d.prepare(o)
				o.store.plan(d.label, hold, hold, hold)
				if err := act(); !errors.Is(err, store.ErrUnknown) || errors.Is(err, ErrUntraceable) {
					o.Fatalf("got %v", err)
				}
				if got := o.where("j"); got != d.before {
					o.Errorf("the job: %s, want %s", got, d.before)
				}
				o.store.arrive(o.ctx)
				if got := o.where("j"); got != d.after {
					o.Errorf("the job: %s, want %s", got, d.after)
				}
				if err := act(); !errors.Is(err, d.again) {
					o.Errorf("the second call: %v, want %v", err, d.again)
				}
				if got := o.where("j"); got != d.after {
					o.Errorf("the job after the second call: %s, want %s", got, d.after)
				}
			})
		})
	}
}

// TestCannotReadBack: the call gives up, and a second one finds out.
func TestCannotReadBack(t *testing.T) {
	for _, d := range deeds {
		for _, silence := range []error{errDown, errSilent} {
			t.Run(d.name+"/"+silence.Error(), func(t *testing.T) {
				inOffice(t, func(o *office) {
					act := d.prepare(o)
					o.store.plan(d.label, loseAnswer)
					o.store.failReads(silence)
					if d.name == "restore" || d.name == "purge" { // they begin with a read
						if err := act(); !errors.Is(err, silence) {
							o.Errorf("got %v", err)
						}
						return
					}
					if err := act(); !errors.Is(err, store.ErrUnknown) {
						o.Errorf("got %v", err)
					}
					o.store.failReads(nil)
					if got := o.where("j"); got != d.after {
						o.Errorf("the job: %s, want %s", got, d.after)
					}
					if err := act(); !errors.Is(err, d.again) {
						o.Errorf("the second call: %v, want %v", err, d.again)
					}
				})
			})
		}
	}
}

// TestCutShort: the context ends while the board waits before another try.
func TestCutShort(t *testing.T) {
	for _, d := range deeds {
		for _, c := range []struct {
			fault fault
			want  error
		}{{refuse, store.ErrRefused}, {loseRequest, store.ErrUnknown}} {
			t.Run(d.name+"/"+string(c.fault), func(t *testing.T) {
				inOffice(t, func(o *office) {
					act := d.prepare(o)
					o.store.plan(d.label, c.fault)
					root := o.ctx
					ctx, end := context.WithCancel(root)
					o.ctx = ctx
					time.AfterFunc(10*time.Millisecond, end)
					err := act()
					if !errors.Is(err, c.want) || !errors.Is(err, context.Canceled) {
						o.Errorf("got %v, want %v", err, c.want)
					}
					if c.fault == refuse && errors.Is(act(), store.ErrUnknown) { // the context has ended
						o.Error("a call that was not made is in doubt")
					}
					o.ctx = root
					if got := o.where("j"); got != d.before {
						o.Errorf("the job: %s, want %s", got, d.before)
					}
				})
			})
		}
	}
}

// TestConflictIsDefinite: without a doubt nothing needs to be read back after a conflict.
func TestConflictIsDefinite(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		a, b := o.session("a"), o.session("b")
		seen := o.job("j")
		c := o.claim(a, "j")
		o.store.count()
		o.store.failReads(errDown)
		if _, err := o.Claim(o.ctx, b, seen); !errors.Is(err, ErrHeld) {
			o.Errorf("a claim of a held job: %v", err)
		}
		twin := *c
		o.must(o.Abandon(o.ctx, c, Abandonment{}))
		for _, c := range []*Claim{c, &twin} { // one knows that it is over, the other has to ask
			for _, call := range []func(c *Claim) error{
				func(c *Claim) error { return o.Consume(o.ctx, c) },
				func(c *Claim) error { return o.Abandon(o.ctx, c, Abandonment{}) },
				func(c *Claim) error { return o.Trash(o.ctx, c, ByOperator, nil) },
			} {
				again := *c
				if err := call(&again); !errors.Is(err, ErrLost) {
					o.Errorf("a release of a released claim: %v", err)
				}
			}
		}
		if commits, reads := o.store.count(); commits != 5 || reads != 0 {
			o.Errorf("%d commits and %d reads for 5 definite answers", commits, reads)
		}
		if _, err := o.Claim(o.ctx, b, seen); !errors.Is(err, ErrHeld) {
			o.Errorf("a claim of a job that has changed, with no reason to be had: %v", err)
		}
		if errors.Is(o.TrashExhausted(o.ctx, seen, "b"), store.ErrUnknown) {
			o.Error("a conflict is in doubt")
		}
	})
}

// inEachOffice does a test again and again, each time with another of the reads failing that a call makes
// to find out: one that fails once may change nothing about what is found out.
func inEachOffice(t *testing.T, name string, work func(o *office, failing int)) {
	for failing := range 6 {
		t.Run(fmt.Sprintf("%s/%d", name, failing), func(t *testing.T) {
			inOffice(t, func(o *office) { work(o, failing) })
		})
	}
}

// TestClaimInDoubt: what a claim may conclude when its own try may have happened.
func TestClaimInDoubt(t *testing.T) {
	for _, c := range []struct {
		name      string
		meanwhile func(o *office, a, b *Session) // before the board reads back
		want      error
		also      error
	}{
		{"another holds it", func(o *office, _, b *Session) { o.claim(b, "j") }, ErrHeld, nil},
		{"another held it", func(o *office, _, b *Session) { o.must(o.Abandon(o.ctx, o.claim(b, "j"), Abandonment{})) }, ErrHeld, nil},
		{"another consumed it", func(o *office, _, b *Session) { o.must(o.Consume(o.ctx, o.claim(b, "j"))) }, ErrGone, nil},
		{"its own later claim holds it", func(o *office, a, _ *Session) {
			o.must(o.Abandon(o.ctx, o.claim(a, "j"), Abandonment{}))
			o.claim(a, "j")
		}, ErrHeld, nil},
		{"the lease has ended", func(o *office, a, _ *Session) { o.must(o.store.Revoke(o.ctx, a.lease)) }, store.ErrUnknown, ErrSessionEnded},
		{"the lease has ended, another holds it", func(o *office, a, b *Session) {
			o.must(o.store.Revoke(o.ctx, a.lease))
			o.claim(b, "j")
		}, ErrUntraceable, nil},
	} {
		inEachOffice(t, c.name, func(o *office, failing int) {
			o.post("j")
			a, b := o.session("a"), o.session("b")
			seen := o.job("j")
			o.store.plan(labelClaim, loseRequest)
			o.store.failReads(errDown) // the first look fails; by the second it has happened
			time.AfterFunc(time.Millisecond, func() {
				o.store.failReads(nil)
				c.meanwhile(o, a, b)
				o.store.failOne(failing)
			})
			_, err := o.Claim(o.ctx, a, seen)
			if !errors.Is(err, c.want) || c.also != nil && !errors.Is(err, c.also) {
				o.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestReleaseInDoubt: a release whose answer and whose read-back were lost is called again after the
// lease has ended and others may have worked on the job.
func TestReleaseInDoubt(t *testing.T) {
	nothing := func(*office, *Session) {}
	abandon := func(o *office, b *Session) { o.must(o.Abandon(o.ctx, o.claim(b, "j"), Abandonment{Counted: true})) }
	consume := func(o *office, b *Session) { o.must(o.Consume(o.ctx, o.claim(b, "j"))) }
	trash := func(o *office, b *Session) { o.must(o.Trash(o.ctx, o.claim(b, "j"), ByOperator, nil)) }
	restore := func(o *office, _ *Session) { o.must(o.Restore(o.ctx, "j")) }
	purge := func(o *office, _ *Session) { o.must(o.Purge(o.ctx, "j")) }
	hold := func(o *office, b *Session) { o.claim(b, "j") }
	trashed := func(o *office, b *Session) { trash(o, b); restore(o, b) }
	for _, c := range []struct {
		deed      string
		happened  bool
		meanwhile func(o *office, b *Session)
		want      error
	}{
		{"abandon", true, nothing, nil},
		{"abandon", true, hold, nil},
		{"abandon", true, trash, nil},
		{"abandon", true, abandon, ErrUntraceable},
		{"abandon", true, consume, ErrUntraceable},
		{"abandon", false, nothing, ErrLost},
		{"abandon", false, hold, ErrLost},
		{"abandon", false, trash, ErrLost},
		{"abandon", false, abandon, ErrUntraceable},
		{"consume", true, nothing, ErrUntraceable},
		{"consume", false, nothing, ErrLost},
		{"consume", false, hold, ErrLost},
		{"consume", false, trash, ErrLost},
		{"consume", false, trashed, ErrLost},
		{"consume", false, consume, ErrUntraceable},
		{"trash", true, nothing, nil},
		{"trash", true, restore, ErrUntraceable},
		{"trash", true, purge, ErrUntraceable},
		{"trash", false, nothing, ErrLost},
		{"trash", false, hold, ErrLost},
		{"trash", false, abandon, ErrLost},
		{"trash", false, trash, ErrUntraceable},
		{"trash", false, trashed, ErrUntraceable},
		{"trash", false, consume, ErrUntraceable},
	} {
		inEachOffice(t, fmt.Sprint(c.deed, c.happened, c.want), func(o *office, failing int) {
			o.post("j")
			a, b := o.session("a"), o.session("b")
			claim := o.claim(a, "j")
			call := map[string]func() error{
				"abandon": func() error { return o.Abandon(o.ctx, claim, Abandonment{}) },
				"consume": func() error { return o.Consume(o.ctx, claim) },
				"trash":   func() error { return o.Trash(o.ctx, claim, Undispatchable, problem) },
			}[c.deed]
			faults := []fault{loseRequest, loseRequest, loseRequest}
			if c.happened {
				faults = []fault{loseAnswer}
			}
			o.store.plan(c.deed, faults...)
			o.store.failReads(errSilent)
			if err := call(); !errors.Is(err, store.ErrUnknown) {
				o.Fatal(err)
			}
			o.store.failReads(nil)
			o.must(o.store.Revoke(o.ctx, a.lease))
			c.meanwhile(o, b)
			before := o.where("j")
			o.store.failOne(failing)
			if err := call(); !errors.Is(err, c.want) {
				o.Errorf("got %v, want %v", err, c.want)
			} else if c.want == ErrUntraceable && !errors.Is(err, store.ErrUnknown) {
				o.Error("who does not know ErrUntraceable must take it for unknown")
			}
			o.store.failOne(0)
			if after := o.where("j"); after != before {
				o.Errorf("the second call changed the job from %s to %s", before, after)
			}
			if err := call(); c.want != nil && !errors.Is(err, ErrLost) {
				o.Errorf("the third call: %v", err) // there is no doubt any more
			}
		})
	}
}

// TestTwoKindsOfReleaseInDoubt: the living lease tells that one of them happened, but not which.
func TestTwoKindsOfReleaseInDoubt(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		c := o.claim(o.session("a"), "j")
		o.store.plan(labelAbandon, loseAnswer)
		o.store.failReads(errSilent)
		if err := o.Abandon(o.ctx, c, Abandonment{}); !errors.Is(err, store.ErrUnknown) {
			o.Fatal(err)
		}
		o.store.failReads(nil)
		if err := o.Consume(o.ctx, c); !errors.Is(err, ErrLost) {
			o.Errorf("a consume after an abandon that happened: %v", err)
		}
		if err := o.Abandon(o.ctx, c, Abandonment{}); err != nil {
			o.Errorf("the abandon that happened: %v", err)
		}
	})
}

// TestOverIsOver: a claim that is known to have ended is not asked after: no answer could tell.
func TestOverIsOver(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		c := o.claim(o.session("a"), "j")
		o.must(o.Abandon(o.ctx, c, Abandonment{}))
		o.store.plan(labelConsume, loseRequest, loseRequest, loseRequest)
		if err := o.Consume(o.ctx, c); !errors.Is(err, ErrLost) {
			o.Errorf("got %v", err)
		}
	})
}

// TestBuryInDoubt: what TrashExhausted may conclude when others have been at the job.
func TestBuryInDoubt(t *testing.T) {
	for _, c := range []struct {
		name      string
		happened  bool
		meanwhile func(o *office, s *Session)
		want      error
	}{
		{"another buried it", false, func(o *office, _ *Session) { o.must(o.TrashExhausted(o.ctx, o.job("j"), "c")) }, ErrGone},
		{"another claimed it", false, func(o *office, s *Session) { o.claim(s, "j") }, ErrHeld},
		{"another consumed it", false, func(o *office, s *Session) { o.must(o.Consume(o.ctx, o.claim(s, "j"))) }, ErrUntraceable},
		{"it was restored", true, func(o *office, _ *Session) { o.must(o.Restore(o.ctx, "j")) }, ErrUntraceable},
		{"it was restored and trashed", true, func(o *office, s *Session) {
			o.must(o.Restore(o.ctx, "j"))
			o.must(o.Trash(o.ctx, o.claim(s, "j"), ByOperator, nil))
		}, ErrUntraceable},
	} {
		inEachOffice(t, c.name, func(o *office, failing int) {
			o.post("j")
			a, s := o.session("a"), o.session("s")
			o.claim(a, "j")
			o.must(a.Close(o.ctx))
			j := o.job("j")
			lost := loseRequest
			if c.happened {
				lost = loseAnswer
			}
			o.store.plan(labelTrash, lost)
			o.store.failReads(errDown)
			time.AfterFunc(time.Millisecond, func() {
				o.store.failReads(nil)
				c.meanwhile(o, s)
				o.store.failOne(failing)
			})
			if err := o.TrashExhausted(o.ctx, j, "b"); !errors.Is(err, c.want) {
				o.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestTakeOutInDoubt: somebody else took the job out of the trash in another way.
func TestTakeOutInDoubt(t *testing.T) {
	for _, other := range []string{labelRestore, labelPurge} {
		inEachOffice(t, "against a "+other, func(o *office, failing int) {
			o.post("j")
			o.must(o.Trash(o.ctx, o.claim(o.session("a"), "j"), ByOperator, nil))
			mine, theirs := o.Purge, o.Restore
			if other == labelPurge {
				mine, theirs = o.Restore, o.Purge
			}
			o.store.plan(labelRestore, loseRequest)
			o.store.plan(labelPurge, loseRequest)
			time.AfterFunc(time.Millisecond, func() {
				o.store.plan(other)
				o.must(theirs(o.ctx, "j"))
				o.store.failOne(failing)
			})
			if err := mine(o.ctx, "j"); !errors.Is(err, ErrUntraceable) {
				o.Errorf("got %v", err)
			}
		})
	}
}

// TestPostInDoubt: the posting is known by every byte, on the board and in the trash.
func TestPostInDoubt(t *testing.T) {
	for _, c := range []struct {
		name      string
		fault     fault
		meanwhile func(o *office)
		want      error
	}{
		{"it is in the trash already", loseAnswer, func(o *office) {
			o.must(o.Trash(o.ctx, o.claim(o.session("a"), "j"), ByOperator, nil))
		}, nil},
		{"it has been consumed already", loseAnswer, func(o *office) { o.must(o.Consume(o.ctx, o.claim(o.session("a"), "j"))) }, store.ErrUnknown},
		{"another posted the same id", loseRequest, func(o *office) { o.post("j") }, ErrExists},
		{"another's is in the trash", loseRequest, func(o *office) {
			o.post("j")
			o.must(o.Trash(o.ctx, o.claim(o.session("a"), "j"), ByOperator, nil))
		}, ErrExists},
	} {
		t.Run(c.name, func(t *testing.T) {
			inOffice(t, func(o *office) {
				o.store.plan(labelPost, c.fault)
				o.store.failReads(errDown)
				time.AfterFunc(time.Millisecond, func() {
					o.store.failReads(nil)
					c.meanwhile(o)
				})
				if err := o.Post(o.ctx, Posting{ID: "j"}); !errors.Is(err, c.want) {
					o.Errorf("got %v, want %v", err, c.want)
				}
			})
		})
	}
}

// decided makes one failpoint fire once.
type decided struct {
	point string
	fired bool
}

func (d *decided) Fires(p *failpoints.Point) bool {
	hit := p.Name == d.point && !d.fired
	d.fired = d.fired || hit
	return hit
}

// TestFailpoints: a conductor that fails behind a commit does not know that it happened, and finds out
// by calling again.
func TestFailpoints(t *testing.T) {
	if !failpoints.Compiled {
		t.Skip("a production build has no failpoints")
	}
	for _, d := range deeds {
		point := "jobboard/release-committed"
		switch d.name {
		case "claim":
			point = "jobboard/claim-committed"
		case "abandon", "consume", "trash", "trash exhausted":
		default:
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			inOffice(t, func(o *office) {
				act := d.prepare(o)
				o.ctx = failpoints.With(o.ctx, &decided{point: point})
				err := act()
				if !errors.Is(err, store.ErrUnknown) || !errors.Is(err, failpoints.ErrInjected) {
					o.Errorf("got %v", err)
				}
				if got := o.where("j"); got != d.after {
					o.Errorf("the job: %s, want %s", got, d.after)
				}
				if err := act(); !errors.Is(err, d.again) {
					o.Errorf("the second call: %v, want %v", err, d.again)
				}
			})
		})
	}
}
