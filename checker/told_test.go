package checker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"derail/checker/history"
)

// told makes a history of a short text, one thing a line:
//
//	with attempts=3 cycle=4 rest=10s end=60s   the header; also claim=1s slots=1 overtaken=3 clocks=1ms
//	atom j t1 after=r,t0 under=r undoes         an atom of j's shape; also retry=3, all, never
//	+5s                                        time goes on
//	A claim? j                                 an invoke
//	A claim! j e=1 a=1 r=7                     its ok; - is its fail, ~ its info
//	A abandon j e=1 a=1 counted reason=boom    an invoke and its ok, one after the other
//	A move j t1 PENDING>RUNNING e=1            an event
//	store final j unclaimed                    where a job was in the end
//	A owner j at=claimed e=1 by=B              a read; also count n=2
//	A list?                                    one with an answer: then a line for each job,
//	A listed j at=unclaimed                    and A list! n=1
//	all metric n=3 name{label="value"}         a counter of all processes together
//
// Underscores in a reason, and in the failure of a trash, stand for spaces, and # begins a comment.
func told(t testing.TB, text string) *history.History {
	t.Helper()
	s := story{recorder: history.NewRecorder(history.Header{Scenario: t.Name()}), open: map[string][]int64{}}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := s.line(words); err != nil {
			t.Fatalf("line %d: %q: %v", i+1, line, err)
		}
	}
	return s.recorder.History()
}

type story struct {
	recorder *history.Recorder
	at       int64
	open     map[string][]int64 // by process, kind and job: invokes without a completion
}

func (s *story) line(words []string) error {
	switch {
	case words[0] == "with":
		return s.header(words[1:])
	case strings.HasPrefix(words[0], "+"):
		d, err := time.ParseDuration(words[0][1:])
		s.at += int64(d)
		return err
	case words[0] == "atom" && len(words) > 2:
		return s.atom(words[1], words[2], words[3:])
	case len(words) < 2:
		return fmt.Errorf("want a process and a kind")
	}
	return s.record(words)
}

func (s *story) header(fields []string) error {
	h := s.recorder.Header()
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		n, _ := strconv.Atoi(value)
		d, _ := time.ParseDuration(value)
		switch name {
		case "attempts":
			h.Attempts = n
		case "cycle":
			h.CycleLength = n
		case "rest":
			h.RestWithin = int64(d)
		case "end":
			h.End = int64(d)
		case "claim":
			h.ClaimWithin = int64(d)
		case "slots":
			h.Slots = n
		case "overtaken":
			h.Overtaken = n
		case "clocks":
			h.ClockError = int64(d)
		default:
			return fmt.Errorf("no field %q in a header", name)
		}
	}
	return nil
}

func (s *story) atom(job, name string, fields []string) error {
	h := s.recorder.Header()
	at := slices.IndexFunc(h.Shapes, func(s history.Shape) bool { return s.Jobs[0] == job })
	if at < 0 {
		at = len(h.Shapes)
		h.Shapes = append(h.Shapes, history.Shape{Group: "of " + job, Jobs: []string{job}})
	}
	a := history.ShapeAtom{Name: name}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "retry":
			a.Retry = true
			a.Attempts, _ = strconv.Atoi(value)
		case "after":
			a.After = strings.Split(value, ",")
		case "under":
			a.Under = value
		case "all":
			a.RevertAll = true
		case "never":
			a.Never = true
		case "undoes":
			a.Undoes = true
		default:
			return fmt.Errorf("no field %q of an atom", name)
		}
	}
	h.Shapes[at].Atoms = append(h.Shapes[at].Atoms, a)
	return nil
}

func kindNamed(word string) history.Kind {
	for k := history.Post; k <= history.Metric; k++ {
		if k.String() == word {
			return k
		}
	}
	return 0
}

func (s *story) record(words []string) error {
	word := strings.TrimRight(words[1], "?!-~")
	mark := words[1][len(word):]
	rec := history.Record{
		At: s.at, Kind: kindNamed(word), Type: history.Event,
		Job: history.None,
	}
	if rec.Kind == 0 {
		return fmt.Errorf("no kind %q", word)
	}
	if words[0] == "all" {
		rec.Process = history.None
	} else {
		rec.Process = s.recorder.Process(words[0])
	}
	words = words[2:]
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		rec.Job = s.recorder.Job(words[0])
		words = words[1:]
	}
	for _, field := range words {
		if err := fill(&rec, field); err != nil {
			return err
		}
	}
	if rec.Kind == history.Listed {
		return s.listed(rec)
	}
	if !rec.Kind.Operation() {
		s.recorder.Append(rec)
		return nil
	}
	return s.operation(rec, mark)
}

// listed adds a job to the answer of the list or wait that the process is waiting for.
func (s *story) listed(rec history.Record) error {
	for _, kind := range []history.Kind{history.List, history.Wait} {
		if open := s.open[fmt.Sprint(rec.Process, kind, history.JobID(history.None))]; len(open) > 0 {
			rec.Call = open[len(open)-1]
			s.recorder.Append(rec)
			return nil
		}
	}
	return fmt.Errorf("nobody has asked for a list")
}

func (s *story) operation(rec history.Record, mark string) error {
	key := fmt.Sprint(rec.Process, rec.Kind, rec.Job)
	outcomes := map[string]history.Type{"!": history.OK, "": history.OK, "-": history.Fail, "~": history.Info}
	if rec.Kind != history.Save && (mark == "?" || mark == "") {
		invoke := rec
		invoke.Type, invoke.Attempt, invoke.Revision = history.Invoke, 0, 0
		if rec.Kind.Read() {
			invoke.Epoch, invoke.N, invoke.To = 0, 0, ""
			if rec.Kind != history.List {
				invoke.Subject = ""
			}
		}
		if rec.Kind == history.Claim && mark == "" {
			invoke.Epoch = 0
		}
		s.open[key] = append(s.open[key], s.recorder.Append(invoke))
		if mark == "?" {
			return nil
		}
	}
	rec.Type = outcomes[mark]
	if rec.Kind != history.Save {
		open := s.open[key]
		if len(open) == 0 {
			return fmt.Errorf("nothing to complete")
		}
		rec.Call = open[len(open)-1]
		s.open[key] = open[:len(open)-1]
	}
	s.recorder.Append(rec)
	return nil
}

func fill(rec *history.Record, field string) error {
	name, value, hasValue := strings.Cut(field, "=")
	n, err := strconv.ParseInt(value, 10, 64)
	from, to, isMove := strings.Cut(field, ">")
	switch {
	case rec.Kind == history.Metric && name != "n":
		rec.Subject, err = field, nil
	case hasValue && name == "e":
		rec.Epoch = n
	case hasValue && name == "a":
		rec.Attempt = int32(n)
	case hasValue && name == "r":
		rec.Revision = n
	case hasValue && name == "n":
		rec.N = int32(n)
	case hasValue && name == "at":
		rec.To, err = value, nil
	case hasValue && name == "by":
		rec.Subject, err = value, nil
	case hasValue && name == "reason":
		rec.Reason, err = strings.ReplaceAll(value, "_", " "), nil
	case hasValue && name == "failure":
		rec.Subject, err = strings.ReplaceAll(value, "_", " "), nil
	case hasValue:
		return fmt.Errorf("no field %q", name)
	case field == "counted":
		rec.Counted, err = true, nil
	case isMove:
		rec.From, rec.To, err = from, to, nil
	case rec.Kind == history.Final:
		rec.To, err = field, nil
	default:
		rec.Subject, err = field, nil
	}
	return err
}

func TestToldPutsRecordsTogether(t *testing.T) {
	h := told(t, `
		with attempts=3 cycle=4 rest=10s end=1m
		client post j
		+2s
		A claim? j
		A claim! j e=1 a=1 r=7
		A move j t1 PENDING>RUNNING e=1
		A abandon j e=1 a=1 counted reason=boom_town # given up
		store final j unclaimed
	`)
	want := []history.Record{
		{Type: history.Invoke, Kind: history.Post},
		{Type: history.OK, Kind: history.Post, Call: 1},
		{Type: history.Invoke, Kind: history.Claim, Process: 1, At: 2e9},
		{Type: history.OK, Kind: history.Claim, Process: 1, At: 2e9, Call: 3, Epoch: 1, Attempt: 1, Revision: 7},
		{
			Type: history.Event, Kind: history.Move, Process: 1, At: 2e9, Epoch: 1,
			Subject: "t1", From: "PENDING", To: "RUNNING",
		},
		{
			Type: history.Invoke, Kind: history.Abandon, Process: 1, At: 2e9, Epoch: 1,
			Counted: true, Reason: "boom town",
		},
		{
			Type: history.OK, Kind: history.Abandon, Process: 1, At: 2e9, Epoch: 1, Call: 6, Attempt: 1,
			Counted: true, Reason: "boom town",
		},
		{Type: history.Event, Kind: history.Final, Process: 2, At: 2e9, To: "unclaimed"},
	}
	if len(h.Records) != len(want) {
		t.Fatalf("%d records, want %d", len(h.Records), len(want))
	}
	for i := range want {
		if h.Records[i] != want[i] {
			t.Errorf("record %d is %+v, want %+v", i+1, h.Records[i], want[i])
		}
	}
	header := h.Header
	if header.Attempts != 3 || header.CycleLength != 4 || header.RestWithin != 10e9 || header.End != 60e9 {
		t.Errorf("the header is %+v", header)
	}
}
