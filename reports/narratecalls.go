package reports

import (
	"fmt"
	"slices"

	"derail/checker/history"
)

// call keeps a place for the beginning of an operation: it is told only where something happens before the
// answer.
func (n *narrator) call(r *history.Record) {
	n.asked[n.now] = len(n.beats)
	n.add(r, smooth, "")
	if node := n.node(r.Process); node != nil {
		node.calls = append(node.calls, n.now)
	}
}

// answered ends a call, and tells its beginning where something happened since.
func (n *narrator) answered(r *history.Record) {
	if node := n.node(r.Process); node != nil {
		node.calls = slices.DeleteFunc(node.calls, func(seq int64) bool { return seq == r.Call })
	}
	if n.shakenSince(r.Call, r.Job, r.Process) {
		n.tellCall(r.Call)
	}
	delete(n.asked, r.Call)
}

// tellCall tells the beginning of an operation after all.
func (n *narrator) tellCall(seq int64) {
	if at, known := n.asked[seq]; known {
		n.beats[at].Text = Sentence(n.h, seq)
		delete(n.asked, seq)
	}
}

// answer tells the end of an operation.
func (n *narrator) answer(r *history.Record) {
	defer n.answered(r)
	switch r.Type {
	case history.OK:
		n.done(r)
	case history.Fail:
		n.failed(r)
	default:
		n.add(r, trouble, Sentence(n.h, n.now))
		n.shake(r.Job, history.None)
	}
}

// done tells what an operation did to the board.
func (n *narrator) done(r *history.Record) {
	switch r.Kind {
	case history.Post:
		b := n.add(r, smooth, "")
		b.group = &group{before: n.name(r.Process) + " posted ", names: []string{n.job(r.Job)}}
		b.Tally, b.Shape = "job|posted", fmt.Sprint("posted ", r.Job)
	case history.Claim:
		n.claimed(r)
	case history.Restore:
		if n.known(r.Job) {
			n.jobs[r.Job].gone = ""
		}
		n.add(r, smooth, Sentence(n.h, n.now)).Tally = "job|restored"
		n.turn(r.Job, history.None)
	default:
		n.ended(r)
	}
}

// claimed tells a claim.
func (n *narrator) claimed(r *history.Record) {
	lead := "claimed " + n.job(r.Job)
	if r.Reason == history.ClaimAdopted {
		lead = "found that its earlier claim of " + n.job(r.Job) + " was granted"
	}
	others := n.hold(r)
	n.turn(r.Job, history.None)
	s := n.begin(r, lead)
	s.others = others
	s.troubled = others != "" || r.Reason == history.ClaimAdopted
	if others != "" {
		n.tellCall(r.Call)
	}
	if n.known(r.Job) {
		n.jobs[r.Job].granted = s
	}
}

// ended tells the end of a claim, as the last of what its owner did where nothing came between.
func (n *narrator) ended(r *history.Record) {
	others := n.release(r)
	s := n.spells[[2]int32{int32(r.Job), int32(r.Process)}]
	how := trouble
	if others == "" && r.Kind == history.Consume {
		how = smooth
	}
	if s == nil || s.end != "" || r.Epoch != s.epoch && r.Epoch != 0 || n.over(s) {
		b := n.add(r, how, Sentence(n.h, n.now)+others)
		b.Tally = "job|" + endingOf(r).words()
		n.turn(r.Job, history.None)
		return
	}
	switch r.Kind {
	case history.Consume:
		s.end = "consumed it" + pick(s.flow == "REVERTED", ", its flow undone,", "")
	case history.Abandon:
		s.end = "gave it up" + because(r.Reason) + pick(r.Counted, "", ", which costs no attempt,")
		s.troubled = true
	default:
		s.end = "put it in the trash" + because(trashReason(r.Reason))
		s.troubled = true
	}
	s.rightly = others
	s.ending, s.last, s.until = endingOf(r), n.now, r.At
	b := n.beatOf(s)
	b.Records++
	if n.shows[n.now] {
		b.Sort = essential
	}
	n.turn(r.Job, history.None)
}

// failed tells an operation that did nothing.
func (n *narrator) failed(r *history.Record) {
	if r.Kind != history.Claim || r.Reason != history.ClaimHeld && r.Reason != history.ClaimGone {
		n.add(r, trouble, Sentence(n.h, n.now))
		return
	}
	if n.known(r.Job) && !n.shows[n.now] && len(n.tale.Nodes) == 0 { // or it would be told of another machine
		s := n.jobs[r.Job].granted
		if s != nil && s.end == "" && !n.over(s) && s.process != r.Process {
			if who := n.name(r.Process); !slices.Contains(s.losers, who) {
				s.losers = append(s.losers, who)
			}
			n.beatOf(s).Records++
			return
		}
	}
	why := ": another has it"
	if r.Reason == history.ClaimGone {
		why = ": it is not on the board"
	}
	b := n.add(r, petty, "")
	b.group = &group{after: " could not claim " + n.job(r.Job) + why, names: []string{n.name(r.Process)}}
	b.group.afterMany = b.group.after
	b.Tally = "claim|in vain"
}
