package conductor

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/store"
)

// told registers the factory "tell" of a flow whose task needs x, y and z, and returns what factory and
// task have been told so far.
func (p *plant) told() func() []string {
	var all []string
	say := func(who string, args flow.Args) {
		text := who
		for _, name := range []string{"x", "y", "z"} {
			value, there := args.Lookup(name)
			if !there {
				value = "-"
			}
			text += fmt.Sprint(" ", value)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		all = append(all, text)
	}
	p.must(p.flows.Register("tell", func(inputs flow.Args) (*flow.Flow, error) {
		say("factory", inputs)
		return flow.Linear("tell", &flow.Task{
			Name: "t", Requires: []string{"x", "y", "z"},
			Execute: func(_ context.Context, args flow.Args) (any, error) {
				say("task", args)
				return nil, nil
			},
		}), nil
	}))
	return func() []string {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Clone(all)
	}
}

// TestStores follows TaskFlow's test_job_store, test_flowdetails_store and test_combined_store, and goes on.
func TestStores(t *testing.T) {
	x, y, z := flow.Arg{Name: "x", Value: 1}, flow.Arg{Name: "y", Value: "why"}, flow.Arg{Name: "z", Value: []int{3}}
	other := flow.Arg{Name: "y", Value: "because"}
	for _, c := range []struct {
		name        string
		detail, job flow.Args
		want        string // what factory and task are told; empty: there is no task to tell
	}{
		{"job store", nil, flow.Args{x, y, z}, "1 why [3]"},
		{"flow detail store", flow.Args{x, y, z}, nil, "1 why [3]"},
		{"combined store", flow.Args{x, y}, flow.Args{z}, "1 why [3]"},
		{"the job's wins", flow.Args{x, y, z}, flow.Args{other}, "1 because [3]"},
		{"the job's wins, all of them", flow.Args{z, y, x}, flow.Args{other, {Name: "x", Value: nil}, {Name: "z", Value: 5}}, "<nil> because 5"},
		{"the job's is one more", flow.Args{x, y, z}, flow.Args{{Name: "zz", Value: 1}}, "1 why [3]"},
		{"neither has all", flow.Args{x}, flow.Args{y}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				told := p.told()
				p.postWith("j", "tell", c.detail, c.job)
				w := p.employ("a", nil)
				time.Sleep(time.Second)
				want := []string{"factory " + c.want, "task " + c.want}
				if c.want == "" {
					want = []string{"factory 1 why -"}
				}
				if got := told(); !slices.Equal(got, want) {
					p.Errorf("told %q, want %q", got, want)
				}
				p.expect("j", "consumed")
				w.leave()
				d, err := p.books.Read(p.ctx, "flow-j")
				p.must(err)
				if len(d.Inputs) != len(c.detail) {
					p.Errorf("the flow detail has now %v", d.Inputs)
				}
			})
		})
	}
}

// TestInputsOverACrash: whoever goes on with a job is given the same inputs: after a crash, after an
// abandonment and after the trash.
func TestInputsOverACrash(t *testing.T) {
	inPlant(t, func(p *plant) {
		var told []string
		turn := 0
		p.must(p.flows.Register("turns", func(inputs flow.Args) (*flow.Flow, error) {
			task := func(name string) *flow.Task {
				return &flow.Task{
					Name: name, Requires: []string{"mine", "usual", "both"},
					Execute: func(ctx context.Context, args flow.Args) (any, error) {
						told = append(told, fmt.Sprint(name, args))
						turn++
						switch turn {
						case 2: // its conductor dies
							return nil, hang(ctx)
						case 3, 4:
							return nil, errInternal
						}
						return nil, nil
					},
				}
			}
			told = append(told, fmt.Sprint("made", inputs))
			return flow.Linear("turns", task("t"), task("u")), nil
		}))
		p.postWith("j", "turns",
			flow.Args{{Name: "both", Value: 1}, {Name: "usual", Value: 2}},
			flow.Args{{Name: "mine", Value: 3}, {Name: "both", Value: 4}})
		ctx, die := host.WithCancel(p.ctx)
		w := p.start(ctx, p.conductor("a", nil))
		time.Sleep(time.Second)
		die(errBroken)
		<-w.returned
		w = p.employ("b", func(c *Config) { c.Policy = Policy{Attempts: 3, Backoff: Backoff{First: time.Second}} })
		time.Sleep(time.Minute)
		p.expect("j", "trashed as exhausted after 3")
		p.must(p.board.Restore(p.ctx, "j"))
		time.Sleep(time.Minute)
		p.expect("j", "consumed")
		w.leave()
		made, given := "made[{usual 2} {both 4} {mine 3}]", "[{mine 3} {usual 2} {both 4}]"
		want := []string{
			made, "t" + given, "u" + given, // a
			made, "u" + given, // b goes on and fails: all is reverted
			made, "t" + given, // and fails
			made, "t" + given, "u" + given, // restored
		}
		if !slices.Equal(told, want) {
			p.Errorf("told %q", told)
		}
		if p.count("j", event.JobClaimed) != 4 {
			p.Errorf("%d claims", p.count("j", event.JobClaimed))
		}
	})
}

// TestDamagedInputs: a job whose inputs cannot be read is put into the trash, and others are worked on.
func TestDamagedInputs(t *testing.T) {
	inPlant(t, func(p *plant) {
		told := p.told()
		p.postWith("j", "tell", nil, flow.Args{{Name: "x", Value: 1}})
		pair, _, err := p.store.Get(p.ctx, jobboard.PostingPrefix+"j")
		p.must(err)
		bad := slices.Clone(pair.Value)
		bad[len(bad)-10] ^= 1 // within the inputs, which are last
		put := func(value []byte) {
			p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Put(jobboard.PostingPrefix+"j", value)}})
		}
		put(bad)
		p.post("k", "ok")
		w := p.employ("a", nil)
		time.Sleep(time.Minute)
		if jobs, err := p.board.List(p.ctx); len(jobs) != 0 || err != nil || len(told()) != 0 {
			p.Errorf("listed %v, %v; told %q", jobs, err, told())
		}
		p.expect("j", "trashed as unreadable after 0")
		if p.count("k", event.JobConsumed) != 1 {
			p.Error("the other job was left alone as well")
		}
		w.leave()
	})
}
