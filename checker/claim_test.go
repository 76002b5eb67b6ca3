package checker

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"

	"derail/checker/history"
	"derail/checker/model"
)

// linearizable is the plain verdict on one job: porcupine alone, as long as it takes.
func linearizable(h *history.History, job int) bool {
	return porcupine.CheckOperations(model.New(h), model.Operations(h, history.JobID(job)))
}

// TestDamagedTowns holds the claim algorithm against porcupine on towns of which some things were changed.
func TestDamagedTowns(t *testing.T) {
	r, verdicts := &Reading{}, map[Outcome]int{}
	for seed := range uint64(8000) {
		chance := seeded(seed)
		p := roughly(chance)
		p.steps = min(p.steps, 200)
		h := newTown(p, chance).run()
		for range 1 + chance(3) {
			damage(h, chance)
		}
		if r.read(h); r.malformed != "" {
			continue
		}
		for job := range r.jobs {
			want, steps := Invalid, jobBudget
			if linearizable(h, job) {
				want = Valid
			}
			if got := r.fits(r.boardOf(job), &steps); got != want {
				t.Fatalf("seed %d: job %d is %s, want %s\n%s", seed, job, got, want, dump(h))
			}
			verdicts[want]++
		}
	}
	if verdicts[Valid] < 5000 || verdicts[Invalid] < 1000 {
		t.Errorf("the test tests little: %v", verdicts)
	}
}

// TestDisagreements has the histories on which the claim algorithm and porcupine once disagreed, and those
// for which one of its steps is there. Porcupine is asked again.
func TestDisagreements(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Outcome
	}{
		{"a lease end without an epoch is not in one of which the end is known", `
			p1 claim j e=1
			store lease_end j e=1
			p1 claim j e=2
			store lease_end j
			p1 claim? j
			store lease_end j e=2
		`, Invalid},
		{"nor is an abandon without an epoch", `
			A claim j e=1
			A abandon? j
			A abandon! j
			A abandon j e=1
		`, Invalid},
		{"an unknown claim is spared for the epoch that only its process can have", `
			A claim? j
			B claim? j
			store lease_end j e=1
			A claim j e=2 reason=adopted
		`, Valid},
		{"and there is none to spare", `
			A claim? j
			store lease_end j e=1
			A claim j e=2 reason=adopted
		`, Invalid},
		{"one that is called later is there in time", `
			A claim? j
			store lease_end j e=1
			A claim? j
			A claim? j reason=adopted
			A claim! j e=2 reason=adopted
		`, Valid},
		{"what both can do is left to the one that is called later", `
			A claim? j
			store lease_end j e=1
			B claim? j
			store lease_end j e=2
			C claim? j
			B claim? j reason=adopted
			B claim! j e=3 reason=adopted
		`, Invalid},
		{"of two that may have ended an epoch, the one that can have claimed it", `
			A claim? j
			B claim? j
			A abandon? j e=1
			B abandon? j e=1
			A claim j e=2 reason=adopted
		`, Valid},
		{"a trash and a restore while there is time", `
			operator trash? j
			operator restore? j
			A claim? j
			A claim! j e=1
			operator trash! j
			operator restore! j
		`, Valid},
		{"and when there is none", `
			A claim j e=1
			operator trash? j
			operator restore j
			operator trash! j
		`, Invalid},
		{"a known restore takes the trash that nobody knows of", `
			A claim j e=1
			A trash? j e=1
			A trash~ j
			operator restore? j
			B claim? j
			B claim! j e=2
			operator restore! j
		`, Valid},
		{"a read in the trash needs a trash and a restore before the claim that is answered before it", `
			operator trash? j
			operator restore? j
			X owner? j
			A claim? j
			A claim! j e=1
			X owner! j at=trashed
			A consume j e=1
		`, Valid},
		{"and not after it", `
			operator trash? j
			operator restore? j
			A claim j e=1
			X owner j at=trashed
			A consume j e=1
		`, Invalid},
		{"an epoch that is bound serves that epoch only", `
			A claim? j e=2
			store lease_end j e=1
		`, Invalid},
	} {
		h := told(t, "client post j\n"+c.text)
		r := Read(h)
		if r.malformed != "" {
			t.Fatalf("%s: %s", c.name, r.malformed)
		}
		steps := jobBudget
		got, other := r.fits(withReads(r, 0), &steps), opinion(h, 0, enoughSteps)
		if got != c.want || other != c.want {
			t.Errorf("%s: %s, want %s; porcupine says %s", c.name, got, c.want, other)
		}
	}
}

// TestWhereOrdersEnd asks for the sentence and the records of what has no order.
func TestWhereOrdersEnd(t *testing.T) {
	for _, c := range []struct {
		text, want string
		records    []int64
	}{
		{
			`
			A claim j e=1
			B claim? j
			A abandon? j e=1
			C claim? j
			B claim! j e=2
			C claim! j e=2
			A abandon! j e=1
			C consume j e=2
		`, "the claim by C in epoch 2 cannot have happened: by then j was claimed by B, epoch 2",
			[]int64{3, 4, 5, 6, 7, 8, 9, 10},
		},
		{
			`
			A claim? j
			A claim~ j
			B claim? j
			B claim! j e=1 reason=adopted
		`, "the claim by B in epoch 1 cannot have happened: by then j was claimed by A, epoch 1",
			[]int64{1, 2, 3, 4, 5, 6},
		},
		{
			`
			A claim j e=1
			A abandon j e=1
			B claim j e=3
		`, "the claim by B in epoch 3 cannot have happened: by then j was unclaimed, epoch 1",
			[]int64{1, 2, 3, 4, 5, 6, 7, 8},
		},
		{
			`
			A claim j e=1
			C claim? j
			D claim? j
			B claim j e=2
			C claim! j e=2
			D claim! j e=3
		`, "the claim by B in epoch 2 cannot have happened: by then j was claimed by A, epoch 1",
			[]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		},
		{
			`
			A claim j e=1
			store lease_end j e=1
			C claim j e=2000000000000
		`, "the claim by C in epoch 2000000000000 cannot have happened: by then j was unclaimed, epoch 1",
			[]int64{1, 2, 3, 4, 5, 6, 7},
		},
		{
			`
			A claim j e=1
			A trash? j e=1
			B claim j e=2
		`, "the claim by B in epoch 2 cannot have happened: by then j was claimed by A, epoch 1",
			[]int64{1, 2, 3, 4, 6, 7},
		},
	} {
		v := properties[0].Check(Read(told(t, "client post j\n"+c.text)))
		said := v.Outcome == Invalid && v.Summary == "j: "+c.want
		if !said || !slices.Equal(v.Findings[0].Records, c.records) {
			t.Errorf("%+v, want %s %v", v, c.want, c.records)
		}
	}
}

// hard is a job that cannot be right, and for which there are too many orders to try them all: for each of
// many epochs, so many processes can have claimed it and have ended it.
func hard(claims int) string {
	var text strings.Builder
	text.WriteString("client post j\n")
	for i := range claims {
		fmt.Fprintf(&text, "p%d claim? j\n", i)
		for epoch := range claims / 2 {
			fmt.Fprintf(&text, "p%d abandon? j e=%d\n", i, epoch+1)
		}
	}
	fmt.Fprintf(&text, "x consume j e=%d\nstore final j gone", claims/2+1)
	return text.String()
}

func TestTheSearchIsCutOff(t *testing.T) {
	h := told(t, hard(24))
	v := properties[0].Check(Read(h))
	if v.Outcome != Unknown || !strings.HasPrefix(v.Summary, "nothing was decided about j") {
		t.Errorf("%+v", v)
	}
	if v := properties[0].Check(Read(told(t, hard(6)))); v.Outcome != Invalid {
		t.Errorf("what is small enough is not decided: %+v", v)
	}
}

// stepsOf is how many steps it takes, on top of those that are granted, to decide about the first job.
func stepsOf(h *history.History) int {
	r := Read(h)
	return sort.Search(jobBudget, func(steps int) bool { return r.fits(r.boardOf(0), &steps) != Unknown })
}

// TestBudgets gives a search exactly what it takes, or one step less.
func TestBudgets(t *testing.T) {
	h := told(t, hard(8))
	steps := stepsOf(h)
	if steps < 1000 {
		t.Fatalf("the search takes %d steps", steps)
	}
	for _, c := range []struct {
		job, run int
		want     Outcome
	}{
		{steps, steps, Invalid},
		{steps - 1, steps, Unknown},
		{steps, steps - 1, Unknown},
	} {
		r := Read(h)
		r.linearizableWithin(c.job, c.run)
		if got := r.ruling.verdict("x").Outcome; got != c.want {
			t.Errorf("with %d steps for the job and %d for the run: %s, want %s", c.job, c.run, got, c.want)
		}
	}
}

// TestJobsShareABudget has two hard jobs and steps for one.
func TestJobsShareABudget(t *testing.T) {
	text := hard(8)
	steps := stepsOf(told(t, text))
	both := text + "\n" + strings.NewReplacer(" j", " k").Replace(text)
	r := Read(told(t, both))
	r.linearizableWithin(steps, 3*steps/2)
	if len(r.ruling.broken) != 1 || len(r.ruling.open) != 1 || r.ruling.open[0].Job != "k" {
		t.Errorf("%+v", r.ruling)
	}
	r = Read(told(t, both))
	r.linearizableWithin(steps-1, 3*steps)
	if v := r.ruling.verdict("x"); v.Outcome != Unknown || len(v.Findings) != 2 || v.Findings[0].Job != "j" {
		t.Errorf("%+v", v)
	}
}

// TestLongJobsAreNotCutOff asks that what is plain is decided without any steps on top, however long it is,
// and that it takes no memory the second time.
func TestLongJobsAreNotCutOff(t *testing.T) {
	for _, double := range []int{0, 10_000} {
		h := newCrowd(crowdPlan{
			jobs: 1, clients: 64, ops: 20_000, unknown: 10, ends: 10, double: double,
		}, seeded(1)).run()
		r, steps := Read(h), 0
		want := Valid
		if double > 0 {
			want = Invalid
		}
		if got := r.fits(r.boardOf(0), &steps); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if n := testing.AllocsPerRun(3, func() { r.fits(r.boardOf(0), &steps) }); n > 0 {
			t.Errorf("%v allocations the second time", n)
		}
	}
}
