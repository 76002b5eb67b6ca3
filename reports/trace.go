package reports

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// WriteTrace writes a run as a trace: JSON in the Trace Event Format, which ui.perfetto.dev and
// chrome://tracing open. Machines are its processes. Each has a track for itself (when it was up, stood
// still, and what struck it), tracks for its calls, and one for each job that it had, with its claims, in
// them the attempts of retries, and in these the tasks. Arrows lead from a job's posting to its claims,
// from one claim to the next, and from the call by which a job was claimed to the claim. Broken promises,
// and the end of the faults, go across everything.
func WriteTrace(w io.Writer, f *RunFolder) error {
	t := newTracer(f)
	out := &traceWriter{b: bufio.NewWriter(w)}
	out.text(`{"displayTimeUnit":"ms","otherData":`)
	out.fields([]field{
		{"scenario", f.Run.Scenario},
		{"seed", strconv.FormatUint(f.Run.Seed, 10)},
		{"hash", f.Run.Hash},
		{"time", "virtual, from the beginning of the run"},
	})
	out.text(`,"traceEvents":[`)
	for i := range t.names {
		out.event(&t.names[i])
	}
	for i := range t.events {
		out.event(&t.events[i])
	}
	out.text("\n]}\n")
	if out.err != nil {
		return out.err
	}
	return out.b.Flush()
}

// field is a name with a string or an int64.
type field struct {
	name  string
	value any
}

// traceEvent is one event of a trace. What is zero is not written, but for times.
type traceEvent struct {
	phase     string // X a span, i an instant, s and f the ends of an arrow, C a counter, M a name
	name      string
	category  string
	at        int64 // virtual time
	lasts     int64 // of a span, or of the span that an end of an arrow is in
	process   int
	track     int
	id        int    // of an arrow
	scope     string // of an instant: t its track, g everything
	arguments []field
}

// traceWriter writes JSON of which every byte is determined.
type traceWriter struct {
	b     *bufio.Writer
	begun bool
	err   error
}

func (w *traceWriter) text(text string) {
	if _, err := w.b.WriteString(text); err != nil && w.err == nil {
		w.err = err
	}
}

func (w *traceWriter) event(e *traceEvent) {
	if w.begun {
		w.text(",")
	}
	w.begun = true
	name := cmp.Or(clean(e.name), e.category) // a history from elsewhere need not say what a fault was
	w.text("\n{\"ph\":" + quoted(e.phase) + ",\"name\":" + quoted(name))
	if e.category != "" {
		w.text(",\"cat\":" + quoted(e.category))
	}
	if e.phase != "M" {
		w.text(",\"ts\":" + microseconds(e.at))
	}
	if e.phase == "X" {
		w.text(",\"dur\":" + microseconds(e.lasts))
	}
	w.text(fmt.Sprintf(",\"pid\":%d,\"tid\":%d", e.process, e.track))
	if e.id != 0 {
		w.text(fmt.Sprintf(",\"id\":%d", e.id))
	}
	if e.phase == "f" { // it ends at the span around it, and not at the next that begins
		w.text(",\"bp\":\"e\"")
	}
	if e.scope != "" {
		w.text(",\"s\":" + quoted(e.scope))
	}
	if len(e.arguments) > 0 {
		w.text(",\"args\":")
		w.fields(e.arguments)
	}
	w.text("}")
}

func (w *traceWriter) fields(fields []field) {
	w.text("{")
	for i, f := range fields {
		if i > 0 {
			w.text(",")
		}
		w.text(quoted(f.name) + ":")
		switch value := f.value.(type) {
		case int64:
			w.text(strconv.FormatInt(value, 10))
		case string:
			w.text(quoted(clean(value)))
		}
	}
	w.text("}")
}

// quoted is text as JSON.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // of a string there is none
	}
	return string(b)
}

// microseconds is a time as the format has it, to the nanosecond.
func microseconds(ns int64) string {
	if ns%microsecond == 0 {
		return strconv.FormatInt(ns/microsecond, 10)
	}
	return fmt.Sprintf("%d.%03d", ns/microsecond, ns%microsecond)
}
