package checker

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"derail/checker/history"
	"derail/checker/model"
)

// shaped makes a small history out of an order: legal operations, one after the other, each with a call
// before its place and an answer after it, of which much is then not told. What a crowd hardly ever does is
// common here: many trashes and restores, posts without an answer, adoptions of what was never answered, and
// reads, releases and lease ends without an epoch.
type shaped struct {
	chance  func(int) int
	state   model.State
	events  []shapedEvent
	clients int
	weights [9]int // of four, by shapedKinds
	vague   int    // of a hundred: what has no epoch that it could have
	unknown int    // of a hundred: operations that are not answered
	shadow  bool   // instead, claims hardly ever are, and all but abandons are
	wide    int    // for how many tenths of a step an operation lasts before and after its place
}

// shapedEvent is a record that has no place among the others yet.
type shapedEvent struct {
	at, tie, op int
	rec         history.Record
}

// shapedKinds is what can happen, as often as the weights say. None is an adoption.
var shapedKinds = [...]history.Kind{
	history.Claim, history.Abandon, history.Consume, history.Trash, history.Restore, history.LeaseEnd,
	history.Owner, history.Post, 0,
}

// newShaped is of up to so many operations. In a shadow, epochs go by of which only lease ends and owners
// tell.
func newShaped(most int, shadow bool, chance func(int) int) *history.History {
	s := &shaped{
		chance: chance, state: model.Start, clients: 1 + chance(4), wide: chance(60), shadow: shadow,
		vague: []int{0, 30, 70, 100}[chance(4)], unknown: []int{0, 25, 50, 80, 95}[chance(5)],
	}
	for i := range s.weights {
		s.weights[i] = []int{0, 1, 1, 4}[chance(4)]
	}
	s.weights[0] = 3
	if shadow {
		s.clients++
		s.weights = [9]int{4, chance(3), 0, chance(2), 1, 4, chance(4), 0, chance(4)}
	}
	for i := range 1 + chance(most) {
		s.step(i)
	}
	slices.SortFunc(s.events, func(a, b shapedEvent) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.tie, b.tie))
	})
	return s.history()
}

// history is the events in the order that they have.
func (s *shaped) history() *history.History {
	recorder := shapedRecorder(s.clients)
	calls := map[int]int64{}
	for _, e := range s.events {
		if e.rec.Type == history.OK || e.rec.Type == history.Info {
			e.rec.Call = calls[e.op]
		}
		if seq := recorder.Append(e.rec); e.rec.Type == history.Invoke {
			calls[e.op] = seq
		}
	}
	return recorder.History()
}

// shapedRecorder has one job and some processes.
func shapedRecorder(clients int) *history.Recorder {
	recorder := history.NewRecorder(history.Header{})
	recorder.Job("j")
	for i := range clients {
		recorder.Process(fmt.Sprint("p", i))
	}
	return recorder
}

func (s *shaped) client() history.ProcessID { return history.ProcessID(s.chance(s.clients)) }

func (s *shaped) percent(n int) bool { return s.chance(100) < n }

// step lets something happen that can, or writes down something that does not happen.
func (s *shaped) step(i int) {
	if s.state.Place == model.Absent && s.chance(12) > 0 {
		s.happen(i, model.Effect{Kind: history.Post, Process: s.client()})
		return
	}
	for range 60 {
		k := s.chance(len(shapedKinds))
		if s.chance(4) >= s.weights[k] {
			continue
		}
		e := s.effect(shapedKinds[k])
		if s.chance(25) == 0 && e.Kind != history.LeaseEnd && e.Kind != history.Owner && !e.Adopted {
			e.Process, e.Epoch = s.client(), int64(s.chance(3))
			s.write(i, e, e, true)
			return
		}
		if _, legal := s.state.Apply(e); legal {
			s.happen(i, e)
			return
		}
	}
}

// effect is something of a kind that can happen, if anything of that kind can.
func (s *shaped) effect(kind history.Kind) model.Effect {
	e := model.Effect{Kind: kind, Process: s.client(), Found: s.state.Place}
	switch kind {
	case 0:
		e.Kind, e.Adopted = history.Claim, true
		e.Process, e.Epoch = s.state.Owner, s.state.Epoch
	case history.Abandon, history.Consume:
		e.Process, e.Epoch = s.state.Owner, s.state.Epoch
	case history.Trash:
		if s.state.Place == model.Claimed {
			e.Process, e.Epoch = s.state.Owner, s.state.Epoch
		}
	case history.LeaseEnd:
		e.Process, e.Epoch = history.None, s.state.Epoch
	case history.Owner:
		e.Process = history.None
	}
	return e
}

func (s *shaped) happen(i int, e model.Effect) {
	next, _ := s.state.Apply(e)
	told := e
	switch {
	case e.Kind == history.Claim:
		told.Epoch = next.Epoch
	case e.Kind == history.Owner:
		told.Process, told.Epoch = s.state.Owner, s.state.Epoch
		e.Process = s.client()
	}
	s.state = next
	unknown := s.percent(s.unknown)
	switch {
	case !s.shadow || e.Kind == history.Abandon:
	case e.Kind == history.Claim && !e.Adopted:
		unknown = s.percent(90)
	default:
		unknown = s.percent(10)
	}
	s.write(i, e, told, unknown)
}

// write writes an operation down. told is what its answer says.
func (s *shaped) write(i int, e, told model.Effect, unknown bool) {
	at := 10 * i
	if e.Kind == history.LeaseEnd {
		rec := history.Record{Type: history.Event, Kind: e.Kind, Process: history.None, Epoch: e.Epoch}
		if s.percent(s.vague) {
			rec.Epoch = 0
		}
		s.events = append(s.events, shapedEvent{at, 1 << 10, i, rec})
		return
	}
	call := history.Record{Type: history.Invoke, Kind: e.Kind, Process: e.Process}
	release := e.Kind == history.Abandon || e.Kind == history.Consume
	switch {
	case e.Kind == history.Trash || release && !s.percent(s.vague):
		call.Epoch = e.Epoch
	case e.Kind == history.Claim && s.percent(5):
		call.Epoch = told.Epoch
	}
	if e.Adopted {
		call.Reason = history.ClaimAdopted
	}
	s.events = append(s.events, shapedEvent{at - s.chance(s.wide+1), s.chance(1 << 10), i, call})
	end := call
	end.Type = history.OK
	switch {
	case unknown && (e.Kind == history.Owner || s.percent(50)):
		return
	case unknown:
		end.Type = history.Info
	case e.Kind == history.Claim, release && !s.percent(s.vague):
		end.Epoch = told.Epoch
	case e.Kind == history.Owner:
		s.answer(&end, told)
	}
	s.events = append(s.events, shapedEvent{at + 1 + s.chance(s.wide+1), s.chance(1 << 10), i, end})
}

// answer is what a read says.
func (s *shaped) answer(end *history.Record, told model.Effect) {
	end.To = [...]string{"gone", "unclaimed", "claimed", "trashed", "gone"}[told.Found]
	if told.Found == model.Trashed && s.percent(30) {
		end.To = history.FinalGone
	}
	if told.Found != model.Claimed {
		return
	}
	if s.percent(80) {
		end.Subject = fmt.Sprint("p", told.Process)
	}
	if !s.percent(s.vague) {
		end.Epoch = told.Epoch
	}
}

// scribbled is a history out of nothing: operations of any kind, by anybody, with any answer.
type scribbled struct {
	chance   func(int) int
	recorder *history.Recorder
	clients  int
	vague    int // of a hundred: what has no epoch
	highest  int // epoch
	open     []int64
}

func newScribbled(chance func(int) int) *history.History {
	s := &scribbled{
		chance: chance, clients: 1 + chance(3), vague: []int{10, 50, 90}[chance(3)], highest: 1 + chance(3),
	}
	s.recorder = shapedRecorder(s.clients)
	kinds := []history.Kind{history.Claim, history.Claim, history.Claim}
	for range 1 + chance(6) {
		kinds = append(kinds, shapedKinds[chance(8)])
	}
	settles := []int{20, 50, 90}[chance(3)]
	for i := range 1 + chance(9) {
		kind := kinds[chance(len(kinds))]
		if i == 0 && chance(8) > 0 {
			kind = history.Post
		}
		s.call(kind)
		for len(s.open) > 0 && chance(100) < settles {
			s.answer()
		}
	}
	for len(s.open) > 0 && chance(4) > 0 {
		s.answer()
	}
	return s.recorder.History()
}

func (s *scribbled) epoch() int64 {
	if s.chance(100) < s.vague {
		return 0
	}
	return int64(1 + s.chance(s.highest))
}

func (s *scribbled) call(kind history.Kind) {
	rec := history.Record{Type: history.Invoke, Kind: kind, Process: history.ProcessID(s.chance(s.clients))}
	switch kind {
	case history.LeaseEnd:
		rec.Type, rec.Process, rec.Epoch = history.Event, history.None, s.epoch()
		s.recorder.Append(rec)
		return
	case history.Abandon, history.Consume, history.Trash:
		rec.Epoch = s.epoch()
	case history.Claim:
		if s.chance(10) == 0 {
			rec.Epoch = s.epoch()
		}
	}
	s.open = append(s.open, s.recorder.Append(rec))
}

func (s *scribbled) answer() {
	i := s.chance(len(s.open))
	call := s.open[i]
	s.open = append(s.open[:i], s.open[i+1:]...)
	rec := s.recorder.History().Records[call-1]
	rec.Call, rec.Type = call, history.OK
	if s.chance(3) == 0 {
		rec.Type = history.Info
	}
	switch {
	case rec.Kind == history.Claim:
		rec.Epoch = int64(1 + s.chance(s.highest))
		if rec.Type == history.OK && s.chance(4) == 0 {
			rec.Reason = history.ClaimAdopted
		}
	case rec.Kind == history.Abandon, rec.Kind == history.Consume:
		rec.Epoch = s.epoch()
	case rec.Kind == history.Owner && rec.Type == history.OK:
		rec.To = [...]string{"gone", "unclaimed", "claimed", "claimed", "trashed"}[s.chance(5)]
		if rec.To == history.FinalClaimed {
			rec.Epoch = s.epoch()
			rec.Subject = fmt.Sprint("p", s.chance(s.clients+1)) // the last is nobody's name
		}
	}
	s.recorder.Append(rec)
}

// TestShapes holds the claim algorithm against porcupine on histories of unlikely shapes, good and spoilt.
// The long form has a million of each:
//
//	DERAIL_SMALL_HISTORIES=1000000 go test ./checker -run TestShapes -v -timeout 30m
func TestShapes(t *testing.T) {
	n := smallHistories(t, 6000)
	for _, shape := range []struct {
		name string
		draw func(func(int) int) *history.History
	}{
		{"shaped", func(chance func(int) int) *history.History { return newShaped(9, false, chance) }},
		{"shadow", func(chance func(int) int) *history.History { return newShaped(14, true, chance) }},
		{"scribbled", newScribbled},
	} {
		t.Run(shape.name, func(t *testing.T) {
			r, seen := &Reading{}, map[string]int{}
			for seed := range n {
				chance := seeded(seed)
				h := shape.draw(chance)
				if shape.name != "scribbled" && len(h.Records) > 0 && chance(2) == 0 {
					for range 1 + chance(5) {
						spoil(h, chance)
					}
				}
				compare(t, r, h, 3_000_000, seen)
			}
			t.Log(seen)
			least := int(n) / 12
			if seen["valid"] < least || seen["invalid"] < least || seen["reads"] < least ||
				seen["unknown"]+seen["left out"] > 0 {
				t.Errorf("the test tests little: %v", seen)
			}
		})
	}
}
