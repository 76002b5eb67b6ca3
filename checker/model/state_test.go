package model

import (
	"fmt"
	"testing"

	"derail/checker/history"
)

const (
	me  = history.ProcessID(3)
	you = history.ProcessID(4)
)

// at makes a state: in epoch 7, and mine if claimed.
func at(p Place) State {
	s := State{Place: p, Epoch: 7, Owner: history.None}
	if p == Claimed {
		s.Owner = me
	}
	return s
}

// legal is the whole board: what is not in it must be refused.
var legal = []struct {
	name   string
	from   Place
	effect Effect
	to     State
}{
	{"post", Absent, Effect{Kind: history.Post}, at(Unclaimed)},
	{"claim", Unclaimed, Effect{Kind: history.Claim, Process: me, Epoch: 8}, State{8, me, Claimed, false}},
	{"claim", Unclaimed, Effect{Kind: history.Claim, Process: you, Epoch: 8}, State{8, you, Claimed, false}},
	{"claim, epoch unknown", Unclaimed, Effect{Kind: history.Claim, Process: me}, State{8, me, Claimed, false}},
	{"adopt", Claimed, Effect{Kind: history.Claim, Process: me, Epoch: 7, Adopted: true}, at(Claimed)},
	{"adopt, epoch unknown", Claimed, Effect{Kind: history.Claim, Process: me, Adopted: true}, at(Claimed)},
	{"abandon", Claimed, Effect{Kind: history.Abandon, Process: me, Epoch: 7}, at(Unclaimed)},
	{"abandon, epoch unknown", Claimed, Effect{Kind: history.Abandon, Process: me}, at(Unclaimed)},
	{"consume", Claimed, Effect{Kind: history.Consume, Process: me, Epoch: 7}, at(Consumed)},
	{"consume, epoch unknown", Claimed, Effect{Kind: history.Consume, Process: me}, at(Consumed)},
	{"trash", Claimed, Effect{Kind: history.Trash, Process: me, Epoch: 7}, at(Trashed)},
	{"trash unowned", Unclaimed, Effect{Kind: history.Trash, Process: you}, at(Trashed)},
	{"trash unowned", Unclaimed, Effect{Kind: history.Trash, Process: me}, at(Trashed)},
	{"restore", Trashed, Effect{Kind: history.Restore, Process: you}, at(Unclaimed)},
	{"lease end", Claimed, Effect{Kind: history.LeaseEnd, Process: history.None, Epoch: 7}, at(Unclaimed)},
	{"lease end, epoch unknown", Claimed, Effect{Kind: history.LeaseEnd, Process: history.None}, at(Unclaimed)},
}

func TestLegalEffects(t *testing.T) {
	for _, c := range legal {
		got, ok := at(c.from).Apply(c.effect)
		if !ok || got != c.to {
			t.Errorf("%s when %s: %+v, %v; want %+v", c.name, c.from, got, ok, c.to)
		}
	}
}

// TestEverythingElseIsIllegal tries every effect in every place.
func TestEverythingElseIsIllegal(t *testing.T) {
	for place := Absent; place <= Consumed; place++ {
		for kind := history.Kind(0); kind <= history.Metric; kind++ {
			for _, process := range []history.ProcessID{history.None, me, you} {
				for _, epoch := range []int64{0, 6, 7, 8, 9} {
					for _, adopted := range []bool{false, true} {
						tryOne(t, place, Effect{Kind: kind, Process: process, Epoch: epoch, Adopted: adopted})
					}
				}
			}
		}
	}
}

func tryOne(t *testing.T, place Place, e Effect) {
	t.Helper()
	if e.Adopted && e.Kind != history.Claim || e.Kind == history.Owner {
		return // reads have a test of their own
	}
	want := false
	for _, c := range legal {
		same := c.effect
		if c.effect.Process == 0 || e.Kind == history.Restore || e.Kind == history.LeaseEnd {
			same.Process = e.Process // nobody in particular
		}
		if e.Kind == history.Claim && !e.Adopted || e.Kind == history.Trash && e.Epoch == 0 {
			same.Process = e.Process // anybody may
		}
		if e.Kind == history.Post || e.Kind == history.Restore {
			same.Epoch = e.Epoch // which have none
		}
		want = want || c.from == place && same == e
	}
	next, got := at(place).Apply(e)
	if got != want {
		t.Errorf("%+v when %s is legal: %v, want %v", e, place, got, want)
	}
	if got && !e.Adopted && next == at(place) {
		t.Errorf("%+v when %s changes nothing", e, place)
	}
	if got && next.Place != Claimed && next.Owner != history.None {
		t.Errorf("%+v when %s leaves an owner: %+v", e, place, next)
	}
}

func TestStartIsAbsent(t *testing.T) {
	if Start != (State{Owner: history.None}) || Start.Place != Absent {
		t.Errorf("start is %+v", Start)
	}
}

func TestOverStaysOver(t *testing.T) {
	s := at(Unclaimed)
	s.Over = true
	for _, c := range legal {
		from := at(c.from)
		from.Over = true
		if next, _ := from.Apply(c.effect); !next.Over {
			t.Errorf("%s forgets that the end was passed", c.name)
		}
	}
}

func TestPlaces(t *testing.T) {
	want := []string{"absent", "unclaimed", "claimed", "trashed", "consumed"}
	for place := Absent; place <= Consumed; place++ {
		if fmt.Sprint(place) != want[place] {
			t.Errorf("%d is %s, want %s", place, place, want[place])
		}
	}
}

func TestReads(t *testing.T) {
	mine := at(Claimed)
	for _, c := range []struct {
		state State
		found Effect
		want  bool
	}{
		{at(Absent), Effect{Found: Absent}, true},
		{at(Trashed), Effect{Found: Absent}, true},
		{at(Consumed), Effect{Found: Absent}, true},
		{at(Unclaimed), Effect{Found: Absent}, false},
		{at(Unclaimed), Effect{Found: Unclaimed}, true},
		{mine, Effect{Found: Unclaimed}, false},
		{at(Trashed), Effect{Found: Trashed}, true},
		{at(Consumed), Effect{Found: Trashed}, false},
		{mine, Effect{Found: Claimed, Process: mine.Owner, Epoch: mine.Epoch}, true},
		{mine, Effect{Found: Claimed, Process: history.None}, true},
		{mine, Effect{Found: Claimed, Process: mine.Owner + 1}, false},
		{mine, Effect{Found: Claimed, Process: mine.Owner, Epoch: mine.Epoch + 1}, false},
		{at(Unclaimed), Effect{Found: Claimed, Process: history.None}, false},
	} {
		c.found.Kind = history.Owner
		next, legal := c.state.Apply(c.found)
		if legal != c.want || legal && next != c.state {
			t.Errorf("%+v of %+v: %v, %+v", c.found, c.state, legal, next)
		}
	}
}
