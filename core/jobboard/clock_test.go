package jobboard

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"derail/core/host"
)

// wrong is a machine whose clock is not right.
type wrong struct {
	host.Host
	by atomic.Int64
}

func (w *wrong) Now() time.Time { return w.Host.Now().Round(0).Add(time.Duration(w.by.Load())) }

func (o *office) elsewhere(by time.Duration) (*Board, *wrong) {
	w := &wrong{Host: host.Real()}
	w.by.Store(int64(by))
	return New(Config{Store: o.store, Host: w}), w
}

// TestRestBetweenClocks: a job rests about as long as it is to, whatever the clocks of who gave it back and
// of who may claim it next say. Who comes later, and only reads NotBefore, waits no longer than the rest.
func TestRestBetweenClocks(t *testing.T) {
	const rest, hours = time.Minute, 5 * time.Hour
	for _, writer := range []time.Duration{-hours, 0, hours} {
		for _, reader := range []time.Duration{-hours, 0, hours} {
			for _, late := range []bool{false, true} {
				inOffice(t, func(o *office) {
					ctx, end := host.WithCancel(o.ctx)
					defer end(nil)
					from, clock := o.elsewhere(writer)
					to, _ := o.elsewhere(reader)
					o.post("j")
					s, err := from.Register(ctx, Entity{Kind: "conductor", Name: "w"}, time.Hour)
					o.must(err)
					c, err := from.Claim(ctx, s, o.job("j"))
					o.must(err)
					mine, err := to.Register(ctx, Entity{Kind: "conductor", Name: "r"}, time.Hour)
					o.must(err)
					v := to.NewView(mine, host.Real().NewSignal())
					if !late {
						go v.Follow(ctx)
						time.Sleep(time.Second)
					}
					o.must(from.Abandon(ctx, c, Abandonment{Counted: true, NotBefore: clock.Now().Add(rest)}))
					began := time.Now()
					if late {
						go v.Follow(ctx)
					}
					var job *Job
					for job == nil {
						time.Sleep(100 * time.Millisecond)
						if job, _ = v.Next(to.host.Now()); time.Since(began) > 10*time.Hour {
							o.Fatalf("writer %v, reader %v, late %t: for ever", writer, reader, late)
						}
					}
					took := time.Since(began)
					if took > rest+time.Second || !late && took < rest*3/4 {
						o.Errorf("writer %v, reader %v, late %t: it rested for %v", writer, reader, late, took)
					}
					if writer == reader && took < rest-time.Second {
						o.Errorf("with equal clocks it rested for %v", took)
					}
				})
			}
		}
	}
}

// TestRestThatIsOver: a job that was given back when its rest was over already, because the store was down
// until then, rests no more, whatever the clock of who gave it back says.
func TestRestThatIsOver(t *testing.T) {
	inOffice(t, func(o *office) {
		ahead, clock := o.elsewhere(5 * time.Hour)
		o.post("j")
		s, err := ahead.Register(o.ctx, Entity{Kind: "conductor", Name: "w"}, time.Hour)
		o.must(err)
		c, err := ahead.Claim(o.ctx, s, o.job("j"))
		o.must(err)
		until := clock.Now().Add(time.Second)
		time.Sleep(2 * time.Second)
		o.must(ahead.Abandon(o.ctx, c, Abandonment{Counted: true, NotBefore: until}))
		v := o.NewView(o.session("r"), o.host.NewSignal())
		ctx, end := host.WithCancel(o.ctx)
		defer end(nil)
		go v.Follow(ctx)
		time.Sleep(time.Second)
		if job, soonest := v.Next(o.host.Now()); job == nil {
			o.Errorf("it rests for %v more", time.Until(soonest))
		}
	})
}

// TestViewClockGoesBack: what rests or is passed over does so no longer because the clock went back.
func TestViewClockGoesBack(t *testing.T) {
	inOffice(t, func(o *office) {
		b, clock := o.elsewhere(0)
		o.post("j")
		o.post("k")
		s := o.session("a")
		c := o.claim(s, "k")
		v := b.NewView(s, o.host.NewSignal())
		ctx, end := host.WithCancel(o.ctx)
		defer end(nil)
		go v.Follow(ctx)
		time.Sleep(time.Second)
		j, _ := v.Next(b.host.Now())
		v.Avoid(j, b.host.Now().Add(time.Minute))
		o.must(o.Abandon(o.ctx, c, Abandonment{Counted: true, NotBefore: time.Now().Add(time.Minute)}))
		time.Sleep(time.Second)
		if j, _ := v.Next(b.host.Now()); j != nil {
			o.Errorf("offered is %s", j.ID)
		}
		clock.by.Store(int64(-3 * time.Hour))
		for _, want := range []string{"j", "k"} {
			var job *Job
			for waited := 0; job == nil && waited < 70; waited++ {
				time.Sleep(time.Second)
				job, _ = v.Next(b.host.Now())
			}
			if job == nil || job.ID != want {
				o.Fatalf("offered is %+v, want %s", job, want)
			}
			v.Avoid(job, b.host.Now().Add(time.Hour))
		}
	})
}

// TestSessionClockJumps: a session whose clock jumps is given up, whether forwards or back: by such a clock
// nobody knows how long the lease still lives.
func TestSessionClockJumps(t *testing.T) {
	for _, c := range []struct {
		by    time.Duration
		alive bool
	}{{0, true}, {time.Second, true}, {time.Hour, false}, {-time.Second, false}, {-time.Hour, false}} {
		for _, renews := range []bool{false, true} {
			inOffice(t, func(o *office) {
				b, clock := o.elsewhere(0)
				s, err := b.Register(o.ctx, Entity{Kind: "conductor", Name: "a"}, time.Minute)
				o.must(err)
				if !s.Alive() {
					o.Error("it is not alive at first")
				}
				clock.by.Store(int64(c.by))
				if renews {
					if err := s.Renew(o.ctx); c.by < 0 != errors.Is(err, ErrSessionEnded) {
						o.Errorf("after %v: %v", c.by, err)
					}
				}
				if alive := s.Alive(); alive != (c.alive || renews && c.by > 0) {
					o.Errorf("after %v, renewed %t: alive is %t", c.by, renews, alive)
				}
				clock.by.Store(0)
				if c.by < 0 && s.Alive() {
					o.Error("it has come back")
				}
			})
		}
	}
}
