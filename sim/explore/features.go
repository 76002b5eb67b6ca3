package explore

import (
	"math/bits"
	"slices"

	"derail/checker/history"
)

// Feature is something that a run reached: a move from one state to another, a state that a job was in, a
// record that met a job in a state, a fault that struck while a job was in a state, or a mark that was met
// about so many times. It is a hash of that, so two are the same with as good as no chance otherwise.
type Feature uint64

// The classes of features: the first thing that is hashed.
const (
	featureMove   = 1 + iota // the kind of the subject, from, to
	featureResult            // how an operation ended
	featureState             // of a job
	featureMet               // what happened to a job in a state
	featureFault             // what struck whom, and in which state a job of theirs was
	featureMark              // a mark, and the magnitude of its count
)

// scout looks for features, in one history after another in the same memory.
type scout struct {
	jobs  []jobView
	known map[Feature]struct{}
	list  []Feature
}

// jobView is the state of a job as far as features tell states apart: few enough that a search of some
// thousand runs sees most of them several times, many enough that rare ones are rare.
type jobView struct {
	place    uint8 // on the board, claimed, gone: see below
	attempts uint8 // at most mostTold
	losses   uint8 // leases that ended and claims that were lost, at most mostTold
	unknown  uint8 // operations whose outcome nobody knows, a bit for each kind
	open     uint8 // operations under way, a bit for each kind
	flow     uint8 // the state of its flow, as a hash
	owner    history.ProcessID
	touched  [2]history.ProcessID // the last two that did something with it
}

const mostTold = 3

// The places of a job.
const (
	placeNone = iota
	placeBoard
	placeClaimed
	placeTrash
	placeGone
)

// features lists what a history and its marks reach, each once, in ascending order.
func (s *scout) features(h *history.History, marks []int64) []Feature {
	if s.known == nil {
		s.known = map[Feature]struct{}{}
	}
	clear(s.known)
	s.list = s.list[:0]
	s.jobs = append(s.jobs[:0], make([]jobView, len(h.Jobs))...)
	for i := range s.jobs {
		s.jobs[i].touched = [2]history.ProcessID{history.None, history.None}
		s.jobs[i].owner = history.None
	}
	for i := range h.Records {
		s.record(&h.Records[i])
	}
	for i, n := range marks {
		if n > 0 {
			s.add(featureMark, uint64(i), uint64(bits.Len64(uint64(n))))
		}
	}
	slices.Sort(s.list)
	return slices.Clone(s.list)
}

// add notes a feature of a class, made of these parts.
func (s *scout) add(class uint64, parts ...uint64) {
	h := class * 0x9e3779b97f4a7c15
	for _, part := range parts {
		h = (h ^ part) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	if _, is := s.known[Feature(h)]; !is {
		s.known[Feature(h)] = struct{}{}
		s.list = append(s.list, Feature(h))
	}
}

// record notes what a record shows, and what it changes.
func (s *scout) record(r *history.Record) {
	switch r.Kind {
	case history.Fault, history.Crash, history.Pause, history.Start, history.Resume:
		s.struck(r)
		return
	case history.Move:
		s.add(featureMove, subjectKind(r.Subject), textHash(r.From), textHash(r.To))
	case history.Message, history.Note, history.Heard, history.Metric, history.Listed:
		return
	}
	result := uint64(r.Kind)<<8 | uint64(r.Type)
	if bounded(r) {
		result ^= textHash(r.Reason) << 16
	}
	if r.Type != history.Event {
		s.add(featureResult, result)
	}
	if r.Job < 0 || int(r.Job) >= len(s.jobs) {
		return
	}
	j := &s.jobs[r.Job]
	other := uint64(0)
	if j.owner != history.None && r.Process != j.owner {
		other = 1
	}
	s.add(featureMet, j.packed(), result, other)
	j.change(r)
	s.add(featureState, j.packed())
}

// struck notes what a fault met: the state of each job that who was hit had to do with.
func (s *scout) struck(r *history.Record) {
	what := textHash(r.Reason) ^ uint64(r.Kind)
	s.add(featureFault, what)
	for i := range s.jobs {
		j := &s.jobs[i]
		concerned := int(r.Job) == i || r.Process != history.None &&
			(j.owner == r.Process || j.touched[0] == r.Process || j.touched[1] == r.Process)
		if concerned && j.place != placeGone && j.place != placeNone {
			s.add(featureFault, what, j.packed())
		}
	}
}

func (j *jobView) packed() uint64 {
	return uint64(j.place) | uint64(j.attempts)<<8 | uint64(j.losses)<<16 | uint64(j.unknown)<<24 |
		uint64(j.open)<<32 | uint64(j.flow)<<40
}

// change is what a record does to the state of its job.
func (j *jobView) change(r *history.Record) {
	if r.Process != history.None && r.Process != j.touched[0] {
		j.touched[1], j.touched[0] = j.touched[0], r.Process
	}
	bit := operationBit(r.Kind)
	switch r.Type {
	case history.Invoke:
		j.open |= bit
	case history.OK, history.Fail:
		j.open &^= bit
	case history.Info:
		j.open &^= bit
		j.unknown |= bit
	}
	switch {
	case r.Kind == history.LeaseEnd, r.Kind == history.Lost:
		j.losses = min(j.losses+1, mostTold)
		j.place, j.owner = placeBoard, history.None
	case r.Kind == history.Move && r.Subject == history.SubjectFlow:
		j.flow = uint8(textHash(r.To))
	case r.Type == history.OK:
		j.succeeded(r)
	}
}

// succeeded is what an operation does that is known to have happened.
func (j *jobView) succeeded(r *history.Record) {
	switch r.Kind {
	case history.Post, history.Restore:
		j.place, j.attempts = placeBoard, 0
	case history.Claim:
		j.place, j.owner = placeClaimed, r.Process
		j.attempts = uint8(min(max(r.Attempt, 0), mostTold))
	case history.Abandon:
		j.place, j.owner = placeBoard, history.None
	case history.Trash:
		j.place, j.owner = placeTrash, history.None
	case history.Consume:
		j.place, j.owner = placeGone, history.None
	}
}

// operationBit tells the operations apart that change where a job is.
func operationBit(k history.Kind) uint8 {
	if k < history.Post || k > history.Save {
		return 0
	}
	return 1 << (k - history.Post)
}

// bounded says whether the reason of a record is one of a few words, and no text for people.
func bounded(r *history.Record) bool {
	return r.Kind == history.Claim && r.Type == history.Fail || r.Kind == history.Trash
}

// subjectKind tells jobs, flows and the rest apart: which of ten like tasks it was does not matter.
func subjectKind(subject string) uint64 {
	switch subject {
	case history.SubjectJob:
		return 1
	case history.SubjectFlow:
		return 2
	default:
		return 3
	}
}

// textHash is FNV-1a.
func textHash(text string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 0x100000001b3
	}
	return h
}
