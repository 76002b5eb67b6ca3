package reports

import (
	"cmp"
	"fmt"
	"slices"

	"derail/checker/history"
)

// layOut gives every row its tracks. In one track spans lie one after the other or one in the other, which
// is what the format asks for; calls and messages lie only one after the other, because none is a part of
// another.
func (t *tracer) layOut() {
	rows := map[rowKey][]int{}
	var keys []rowKey
	know := func(key rowKey) {
		if _, known := rows[key]; !known {
			rows[key] = nil
			keys = append(keys, key)
		}
	}
	for i := range t.h.Processes {
		know(machine(history.ProcessID(i), machineRows))
	}
	for i := range t.spans {
		know(t.spans[i].row)
		rows[t.spans[i].row] = append(rows[t.spans[i].row], i)
	}
	for i := range t.points {
		know(t.points[i].row)
	}
	slices.SortFunc(keys, func(a, b rowKey) int {
		return cmp.Or(cmp.Compare(a.process, b.process), cmp.Compare(a.group, b.group), cmp.Compare(a.job, b.job))
	})
	// No two tracks have one number, and none has that of a process: some readers know a track by it alone.
	track, process := len(t.h.Processes), -1
	first := map[rowKey]int{}
	for _, key := range keys {
		if key.process != process {
			process = key.process
			t.name("process", process, track+1, process, processName(t.h, history.ProcessID(process)))
		}
		first[key] = track + 1
		tracks := t.place(rows[key], key.group != callRows && key.group != messageRows)
		for n := range max(1, tracks) {
			track++
			t.name("thread", process, track, track, t.title(key, n))
		}
		for _, i := range rows[key] {
			t.spans[i].track += first[key]
		}
	}
	for i := range t.points {
		p := &t.points[i]
		t.events = append(t.events, traceEvent{
			phase: "i", name: p.name, category: p.category, at: p.at, process: p.row.process + 1,
			track: first[p.row], scope: p.scope, arguments: p.arguments,
		})
	}
}

// name names a machine ("process") or a track ("thread"), and says at which place it is to stand.
func (t *tracer) name(what string, process, track, place int, name string) {
	e := traceEvent{phase: "M", name: what + "_name", process: process + 1, track: track}
	e.arguments = []field{{"name", name}}
	t.names = append(t.names, e)
	e.name, e.arguments = what+"_sort_index", []field{{"sort_index", int64(place)}}
	t.names = append(t.names, e)
}

func (t *tracer) title(key rowKey, n int) string {
	text := [...]string{machineRows: "machine", faultRows: "faults", callRows: "calls", messageRows: "messages"}
	title := ""
	if key.group == jobRows {
		title = jobName(t.h, key.job)
	} else {
		title = text[key.group]
	}
	if n > 0 {
		title += fmt.Sprintf(" (%d)", n+1)
	}
	return title
}

// place gives spans tracks, from 0, and says how many there are.
func (t *tracer) place(spans []int, nested bool) int {
	slices.SortStableFunc(spans, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.spans[a].at, t.spans[b].at), cmp.Compare(t.spans[b].until, t.spans[a].until))
	})
	var tracks [][]int64 // of each the ends of the spans that are open, the innermost last
	for _, i := range spans {
		s := &t.spans[i]
		at := slices.IndexFunc(tracks, func(open []int64) bool { return fits(open, s, nested) })
		if at < 0 {
			at = len(tracks)
			tracks = append(tracks, nil)
		}
		tracks[at] = append(closed(tracks[at], s.at), s.until)
		s.track = at
	}
	return len(tracks)
}

// closed is the spans that are still open at a time.
func closed(open []int64, at int64) []int64 {
	for len(open) > 0 && open[len(open)-1] <= at {
		open = open[:len(open)-1]
	}
	return open
}

// fits says whether a span can lie in a track without crossing what is open there.
func fits(open []int64, s *traceSpan, nested bool) bool {
	open = closed(open, s.at)
	return len(open) == 0 || nested && s.until <= open[len(open)-1]
}

// emit makes events of the spans and of the arrows between them.
func (t *tracer) emit() {
	for i := range t.spans {
		s := &t.spans[i]
		t.events = append(t.events, traceEvent{
			phase: "X", name: s.name, category: s.category, at: s.at, lasts: s.until - s.at,
			process: s.row.process + 1, track: s.track, arguments: s.arguments,
		})
	}
	for i := range t.arrows {
		a := &t.arrows[i]
		from, to := &t.spans[a.from], &t.spans[a.to]
		if from.at > to.at {
			continue // time does not run that way: the claim was taken from another that went on
		}
		start, finish := a.end("s", i+1, from), a.end("f", i+1, to)
		if start.at == finish.at { // what comes first must be read first
			finish.lasts = min(start.lasts, finish.lasts)
		}
		t.events = append(t.events, start, finish)
	}
}

// end is an end of an arrow. It belongs to what began last in its track before it, and so it stands right
// after the beginning of its span: later the span may have others in it.
func (a *traceArrow) end(phase string, id int, s *traceSpan) traceEvent {
	return traceEvent{
		phase: phase, name: a.name, category: "arrow", at: s.at, lasts: s.until - s.at,
		process: s.row.process + 1, track: s.track, id: id,
	}
}

// counters are how many jobs are where, whenever that changes.
func (t *tracer) counters() {
	states := []string{"on the board", "claimed", "in the trash"}
	counts := make([]int64, len(states))
	jobs := make([]jobStanding, len(t.h.Jobs))
	for i := range t.h.Records {
		r := &t.h.Records[i]
		if r.Job < 0 || int(r.Job) >= len(jobs) {
			continue
		}
		j := &jobs[r.Job]
		before := j.where
		j.take(r)
		if j.where == before {
			continue
		}
		e := traceEvent{phase: "C", name: "jobs", at: r.At, process: 1, track: len(t.h.Processes) + 1}
		for k, state := range states {
			if before == state {
				counts[k]--
			}
			if j.where == state {
				counts[k]++
			}
			e.arguments = append(e.arguments, field{state, counts[k]})
		}
		t.events = append(t.events, e)
	}
}
