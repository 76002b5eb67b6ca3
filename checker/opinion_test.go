package checker

import (
	"testing"

	"derail/checker/history"
)

// enoughSteps is as many as a small history takes.
const enoughSteps = 2_000_000

func TestSecondOpinion(t *testing.T) {
	h := told(t, `
		client post j
		A claim j e=1
		B claim j e=1
		client post k
		A claim k e=1
	`)
	got := SecondOpinion(h, enoughSteps)
	want := []Opinion{{"j", Invalid, Invalid}, {"k", Valid, Valid}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v, want %+v", got, want)
	}
	ruined := withRuin(h, 5, history.None)
	if got := SecondOpinion(ruined, enoughSteps); got[0] != (Opinion{"j", Valid, Valid}) {
		t.Errorf("where all was lost before: %+v", got)
	}
	lost := told(t, `
		client post j
		A claim j e=1
		store lease_end j e=1
		store ruined j
		A trash j reason=unreadable
		operator restore j
		B claim j e=9
	`)
	if got := SecondOpinion(lost, enoughSteps); got[0] != (Opinion{"j", Valid, Valid}) {
		t.Errorf("where a job was lost and begins again in another epoch: %+v", got)
	}
	lost = silenced(lost, history.Ruined)
	if got := SecondOpinion(lost, enoughSteps); got[0] != (Opinion{"j", Invalid, Invalid}) {
		t.Errorf("and where it was not: %+v", got)
	}
	if got := SecondOpinion(h, 2); got[0] != (Opinion{"j", Unknown, Invalid}) || got[0].Differ() {
		t.Errorf("with two steps: %+v", got)
	}
	for _, o := range []Opinion{{"j", Valid, Invalid}, {"j", Invalid, Valid}} {
		if !o.Differ() {
			t.Errorf("%+v do not differ", o)
		}
	}
	if o := (Opinion{"j", Invalid, Unknown}); o.Differ() {
		t.Errorf("%+v differ", o)
	}
	h.Records[0].Kind = 0
	if got := SecondOpinion(h, enoughSteps); got != nil {
		t.Errorf("of what is no history: %+v", got)
	}
}

// TestOpinionsAgree asks for a second opinion on histories of all sorts.
func TestOpinionsAgree(t *testing.T) {
	broken, kept := 0, 0
	for seed := range uint64(600) {
		h, chance := troubled(seed)
		if chance(4) == 0 && len(h.Records) > 0 {
			h = withRuin(h, 1+chance(len(h.Records)), history.None)
		}
		for _, o := range SecondOpinion(h, enoughSteps) {
			switch {
			case o.Differ():
				t.Fatalf("seed %d: %+v\n%s", seed, o, dump(h))
			case o.Outcome == Invalid:
				broken++
			case o.Outcome == Valid:
				kept++
			}
		}
	}
	if broken < 100 || kept < 100 {
		t.Errorf("%d broken and %d kept", broken, kept)
	}
}
