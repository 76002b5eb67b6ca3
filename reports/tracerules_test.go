package reports

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// arrowKey is what makes the two ends of an arrow one, after the documentation of the Trace Event Format.
type arrowKey struct {
	category, name string
	id             int
}

// openSpan is a span of a track that has not ended, and what it is.
type openSpan struct {
	at, until int64
	category  string
}

// traceReader reads a trace from its beginning to its end, as viewers do, and writes down what the format
// does not allow, or leaves open so that viewers differ.
type traceReader struct {
	t        rapid.TB
	tracks   map[int]trackOf // by number: some viewers know a track by its number alone
	named    map[string]bool
	open     map[trackOf][]openSpan // the innermost last
	begun    map[arrowKey]string    // the category of the span that an arrow leaves
	at       int64
	told     bool // something else than a name was read
	spans    int
	arrows   map[string]int // by name, and what they lead from and to
	problems []string
}

// readTrace reads events in their order.
func readTrace(t rapid.TB, events []tracedEvent) *traceReader {
	r := &traceReader{
		t: t, tracks: map[int]trackOf{}, named: map[string]bool{}, open: map[trackOf][]openSpan{},
		begun: map[arrowKey]string{}, arrows: map[string]int{},
	}
	processes := map[int]bool{}
	for i := range events {
		processes[events[i].Process] = true
	}
	for i := range events {
		r.read(&events[i])
		if e := &events[i]; processes[e.Track] && e.Track != e.Process {
			r.wrong(e, "its track has the number of another process")
		}
	}
	for key := range r.begun {
		r.problems = append(r.problems, fmt.Sprintf("arrow %d has no end", key.id))
	}
	return r
}

func (r *traceReader) wrong(e *tracedEvent, problem string) {
	r.problems = append(r.problems, fmt.Sprintf("%s %q at %s: %s", e.Phase, e.Name, e.At, problem))
}

func (r *traceReader) read(e *tracedEvent) {
	track := trackOf{e.Process, e.Track}
	if known, is := r.tracks[e.Track]; is && known != track {
		r.wrong(e, "its track has the number of one of another process")
	}
	r.tracks[e.Track] = track
	if e.Process < 1 || e.Track < 1 { // 0 is the processor that idles
		r.wrong(e, "0 is the number of no process and of no track")
	}
	if e.Name == "" {
		r.wrong(e, "no name")
	}
	if e.Phase == "M" {
		r.metadata(e, track)
		return
	}
	r.told = true
	at := nanoseconds(r.t, e.At)
	if at < r.at { // the format lets it be so; that what is at one time comes in order, viewers want
		r.wrong(e, "it is before the one before it")
	}
	r.at = at
	for _, name := range []string{"process_name", "process_sort_index", "thread_name", "thread_sort_index"} {
		if !r.named[nameKey(name, track)] {
			r.wrong(e, "no "+name)
		}
	}
	r.happening(e, track, at)
}

func nameKey(name string, track trackOf) string {
	if strings.HasPrefix(name, "process") {
		return fmt.Sprint(name, track.process)
	}
	return fmt.Sprint(name, track)
}

// metadata is a name or a place.
func (r *traceReader) metadata(e *tracedEvent, track trackOf) {
	key := nameKey(e.Name, track)
	if r.told || r.named[key] {
		r.wrong(e, "it is there already, or too late")
	}
	r.named[key] = true
	_, text := e.Args["name"].(string)
	_, number := e.Args["sort_index"].(float64)
	if strings.HasSuffix(e.Name, "_name") && !text || strings.HasSuffix(e.Name, "_sort_index") && !number {
		r.wrong(e, "it says nothing")
	}
}

// happening is anything else.
func (r *traceReader) happening(e *tracedEvent, track trackOf, at int64) {
	switch e.Phase {
	case "X":
		r.span(e, track, at, at+nanoseconds(r.t, e.Lasts))
	case "i":
		if !slices.Contains([]string{"g", "p", "t"}, e.Scope) {
			r.wrong(e, "it has no scope")
		}
	case "C":
		for name, n := range e.Args {
			if count, is := n.(float64); !is || count < 0 {
				r.wrong(e, "no count of what is "+name)
			}
		}
	case "s", "f":
		r.arrowEnd(e, track, at)
	default:
		r.wrong(e, "no such phase is written")
	}
}

// span is in no other, or wholly in one.
func (r *traceReader) span(e *tracedEvent, track trackOf, at, until int64) {
	r.spans++
	open := slices.DeleteFunc(r.open[track], func(o openSpan) bool { return o.until <= at })
	if until < at {
		r.wrong(e, "it ends before it begins")
	}
	if n := len(open); n > 0 && until > open[n-1].until {
		r.wrong(e, fmt.Sprintf("it crosses one that ends at %d", open[n-1].until))
	}
	if len(open) > 500 {
		r.wrong(e, "it is in more spans than viewers draw")
	}
	r.open[track] = append(open, openSpan{at, until, e.Category})
}

// arrowEnd is one end of an arrow: it belongs to the span of its track that began last.
func (r *traceReader) arrowEnd(e *tracedEvent, track trackOf, at int64) {
	key := arrowKey{e.Category, e.Name, e.ID}
	open := r.open[track]
	if len(open) == 0 || open[len(open)-1].at != at {
		r.wrong(e, "no span begins with it")
		return
	}
	span := open[len(open)-1].category
	from, begun := r.begun[key]
	switch {
	case e.ID < 1:
		r.wrong(e, "it has no number")
	case e.Phase == "s" && begun:
		r.wrong(e, "another arrow has its number")
	case e.Phase == "s":
		r.begun[key] = span
	case !begun || e.Binds != "e":
		r.wrong(e, "it does not begin, or is not bound to the span that it is in")
	default:
		delete(r.begun, key)
		name := "job"
		if e.Name == "granted" {
			name = e.Name
		}
		r.arrows[name+": "+from+" to "+span]++
	}
}

// The rules are those of the format, and what Perfetto and Chrome's viewer make of what it leaves open.
func TestTraceKeepsTheRules(t *testing.T) {
	runs := tracedRuns(t)
	saved, err := os.ReadDir("testdata/runs")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range saved {
		runs[folder.Name()] = savedRun(t, folder.Name())
	}
	arrows := map[string]bool{}
	for name, f := range runs {
		r := readTrace(t, traced(t, f))
		for _, problem := range r.problems[:min(len(r.problems), 5)] {
			t.Errorf("%s: %s", name, problem)
		}
		if r.spans == 0 && name != "none" {
			t.Errorf("%s: there are no spans", name)
		}
		for arrow := range r.arrows {
			arrows[arrow] = true
		}
	}
	want := []string{"granted: call to claim", "job: call to claim", "job: claim to claim"}
	if got := slices.Sorted(maps.Keys(arrows)); !slices.Equal(got, want) {
		t.Errorf("arrows lead from and to %q, want %q", got, want)
	}
}

// What breaks a rule is seen.
func TestTraceReaderSeesWhatIsWrong(t *testing.T) {
	names := []tracedEvent{}
	for _, name := range []string{"process_name", "thread_name"} {
		names = append(names, tracedEvent{
			Phase: "M", Name: name, Process: 1, Track: 2, Args: map[string]any{"name": "a"},
		}, tracedEvent{
			Phase: "M", Name: strings.TrimSuffix(name, "_name") + "_sort_index", Process: 1, Track: 2,
			Args: map[string]any{"sort_index": 1.0},
		})
	}
	span := tracedEvent{Phase: "X", Name: "a", At: "1", Lasts: "5", Process: 1, Track: 2}
	arrow := tracedEvent{Phase: "s", Name: "a", At: "1", Process: 1, Track: 2, ID: 1}
	with := func(e tracedEvent, change func(e *tracedEvent)) tracedEvent {
		change(&e)
		return e
	}
	end := with(arrow, func(e *tracedEvent) { e.Phase, e.Binds = "f", "e" })
	for problem, events := range map[string][]tracedEvent{
		"":                               {span, arrow, end},
		"it crosses one that ends at":    {span, with(span, func(e *tracedEvent) { e.At = "1.001" })},
		"it ends before it begins":       {with(span, func(e *tracedEvent) { e.Lasts = "-1" })},
		"it is before the one before it": {span, with(span, func(e *tracedEvent) { e.At = "0" })},
		"no thread_name":                 {with(span, func(e *tracedEvent) { e.Track = 3 })},
		"number of one of another":       {span, with(span, func(e *tracedEvent) { e.Process = 3 })},
		"number of another process":      {span, with(span, func(e *tracedEvent) { e.Process, e.Track = 2, 3 })},
		"0 is the number of no process":  {with(span, func(e *tracedEvent) { e.Track = 0 })},
		"no name":                        {with(span, func(e *tracedEvent) { e.Name = "" })},
		"it has no scope":                {with(span, func(e *tracedEvent) { e.Phase = "i" })},
		"no such phase":                  {with(span, func(e *tracedEvent) { e.Phase = "B" })},
		"it is there already":            {span, names[0]},
		"no count of what is a": {with(span, func(e *tracedEvent) {
			e.Phase, e.Args = "C", map[string]any{"a": "1"}
		})},
		"has no end":              {span, arrow},
		"no span begins with it":  {span, with(arrow, func(e *tracedEvent) { e.At = "2" })},
		"it does not begin":       {span, end},
		"it has no number":        {span, with(arrow, func(e *tracedEvent) { e.ID = 0 })},
		"another arrow has its n": {span, arrow, arrow},
	} {
		got := strings.Join(readTrace(t, slices.Concat(names, events)).problems, "\n")
		if !strings.Contains(got, problem) || problem == "" && got != "" {
			t.Errorf("want %q, and was told %q", problem, got)
		}
	}
}
