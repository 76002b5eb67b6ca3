package explain

import (
	"maps"
	"slices"

	"derail/checker/history"
	"derail/reports"
)

// How much a chain tells at most, beside the way from the first fault to the violation.
const (
	mostFaults   = 4
	mostEvidence = 8
)

// chain is what led from the first of some faults to a violation, or where there was no fault from the first
// record that shows it; and how many records are folded away.
func (o *order) chain(v *violation, faults []int64) ([]reports.Link, int) {
	h := o.history
	if v.at == 0 {
		return nil, len(h.Records)
	}
	end := int32(v.at)
	told := map[int32]bool{end: true}
	var wanted []int32
	for _, f := range ends(faults, mostFaults) {
		wanted = append(wanted, int32(f))
	}
	for _, e := range ends(v.records, mostEvidence) {
		wanted = append(wanted, int32(e))
	}
	if len(wanted) > 0 && wanted[0] < end {
		add(told, o.path(wanted[:1], end))
	}
	for _, seq := range wanted {
		o.include(told, seq)
	}
	order := o.short(slices.Sorted(maps.Keys(told)))
	links := make([]reports.Link, len(order))
	for i, seq := range order {
		links[i] = o.link(order[:i], seq)
		if i > 0 {
			links[i].Folded = int(seq-order[i-1]) - 1
		}
	}
	return links, len(h.Records) - len(order)
}

// short leaves out calls of which the answer comes next, where the answer has another reason as well.
func (o *order) short(told []int32) []int32 {
	var kept []int32
	for i, seq := range told {
		if r := &o.history.Records[seq-1]; r.Type == history.Invoke && i+1 < len(told) {
			answer := &o.history.Records[told[i+1]-1]
			if answer.Call == int64(seq) && slices.ContainsFunc(kept, func(before int32) bool {
				why := o.direct(before, told[i+1])
				return why != none && !why.weak()
			}) {
				continue
			}
		}
		kept = append(kept, seq)
	}
	return kept
}

// ends are the first and the last of a list that is too long.
func ends(list []int64, most int) []int64 {
	if len(list) <= most {
		return list
	}
	half := most / 2
	return slices.Concat(list[:most-half], list[len(list)-half:])
}

func add(told map[int32]bool, path []int32) {
	for _, seq := range path {
		told[seq] = true
	}
}

// include adds a record to what is told, with the cheapest way from something that is told to it and the
// cheapest from it to something that is told. Ways with weak links are taken only where there is no other.
func (o *order) include(told map[int32]bool, seq int32) {
	known := slices.Sorted(maps.Keys(told))
	joined := told[seq]
	told[seq] = true
	for _, strong := range [...]bool{true, false} {
		if joined && !strong {
			return
		}
		if way := o.ways(without(known, seq), seq, strong); way.cost[seq] != unreached {
			add(told, way.back(seq))
			joined = true
		}
		way := o.ways([]int32{seq}, known[len(known)-1], strong)
		if to := way.nearest(without(known, seq)); to > 0 {
			add(told, way.back(to))
			joined = true
		}
	}
}

// without is a list without one record.
func without(list []int32, seq int32) []int32 {
	return slices.DeleteFunc(slices.Clone(list), func(other int32) bool { return other == seq })
}

// link is a record as a link of the chain, with what of those before it made it possible.
func (o *order) link(before []int32, seq int32) reports.Link {
	r := &o.history.Records[seq-1]
	l := reports.Link{Record: int64(seq), AtNS: r.At, Text: reports.Sentence(o.history, int64(seq))}
	if r.Process >= 0 && r.Process != storeProcess {
		l.Node = processOf(o.history, r.Process)
	}
	var best reason
	var from int32
	for i := len(before) - 1; i >= 0; i-- {
		why := o.direct(before[i], seq)
		if why != none && (best == none || why.says() < best.says()) {
			best, from = why, before[i]
		}
	}
	if best == none {
		return l
	}
	l.Why, l.After = best.words(o.history, from, seq), int64(from)
	if best == unrenewed { // whose lease it is says as much as why it ended
		for _, claim := range before {
			if claim != from && o.linked(claim, seq, ended) {
				l.Why = ended.words(o.history, claim, seq) + ", and " + l.Why
				break
			}
		}
	}
	return l
}

// linked says whether one record came before another for this very reason.
func (o *order) linked(from, to int32, why reason) bool {
	return slices.Contains(o.links[to], link{from, why})
}

// direct is the best reason for which one record came directly before another, or none.
func (o *order) direct(from, to int32) reason {
	best := none
	for _, l := range o.links[to] {
		if l.from == from && (best == none || costs[l.why] < costs[best]) {
			best = l.why
		}
	}
	if best != none || from >= to || o.lives[from] < 0 || o.lives[from] != o.lives[to] ||
		o.isFault(to) {
		return best
	}
	if job := o.history.Records[from-1].Job; job == o.history.Records[to-1].Job && o.proceeds(to) {
		if o.tenures[from] == o.tenures[to] {
			return proceeded
		}
		return again
	}
	return machine
}
