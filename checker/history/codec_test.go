package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// drawn is any history that can be: names and texts of all sorts, and every kind of record.
func drawn(t *rapid.T) *History {
	name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z]+-[0-9]+`))
	h := &History{
		Header: Header{
			Version: Version, Scenario: name.Draw(t, "scenario"), Seed: rapid.Uint64().Draw(t, "seed"),
			Hash:        rapid.StringMatching(`|[0-9a-f]{16}`).Draw(t, "hash"),
			Attempts:    int(rapid.Int32Range(0, 1<<31-1).Draw(t, "attempts")),
			CycleLength: int(rapid.Int32Range(0, 1<<31-1).Draw(t, "cycle length")),
			Faults:      rapid.OneOf(rapid.Just(""), rapid.String()).Draw(t, "faults"),
			RestWithin:  rapid.Int64Min(0).Draw(t, "rest"), End: rapid.Int64Min(0).Draw(t, "end"),
			ClaimWithin: rapid.Int64Min(0).Draw(t, "claim"), ClockError: rapid.Int64Min(0).Draw(t, "clocks"),
			Slots:     int(rapid.Int32Min(0).Draw(t, "slots")),
			Overtaken: int(rapid.Int32Min(0).Draw(t, "overtaken")),
		},
		Processes: rapid.SliceOfNDistinct(name, 1, 5, rapid.ID).Draw(t, "processes"),
		Jobs:      rapid.SliceOfNDistinct(name, 1, 5, rapid.ID).Draw(t, "jobs"),
	}
	h.Header.Shapes = drawnShapes(t, h.Jobs)
	var open []int64
	at := int64(0)
	for i := range rapid.IntRange(0, 30).Draw(t, "records") {
		at += int64(rapid.Uint16().Draw(t, "later"))
		rec := Record{At: at, Job: None, Process: None}
		seq := int64(i) + 1
		if len(open) > 0 && rapid.Bool().Draw(t, "complete") {
			which := rapid.IntRange(0, len(open)-1).Draw(t, "which")
			invoke := h.Records[open[which]-1]
			rec.Call, rec.Kind, rec.Job, rec.Process = open[which], invoke.Kind, invoke.Job, invoke.Process
			rec.Type = rapid.SampledFrom([]Type{OK, Fail, Info}).Draw(t, "type")
			open = append(open[:which], open[which+1:]...)
		} else {
			rec.Kind = Kind(rapid.IntRange(int(Post), int(Metric)).Draw(t, "kind"))
			if rec.Kind == Listed {
				rec.Call, rec.Process = asked(h, open)
				if rec.Call == 0 {
					rec.Kind = Heard // nobody has asked for a list
				}
			}
			if rec.Kind.aboutJob() || rapid.Bool().Draw(t, "job") {
				rec.Job = JobID(rapid.IntRange(0, len(h.Jobs)-1).Draw(t, "job id"))
			}
			if rec.Kind != Listed && (rec.Kind.Operation() || rapid.Bool().Draw(t, "process")) {
				rec.Process = ProcessID(rapid.IntRange(0, len(h.Processes)-1).Draw(t, "process id"))
			}
			switch {
			case rec.Kind == Save:
				rec.Type = rapid.SampledFrom([]Type{OK, Fail, Info}).Draw(t, "type")
			case rec.Kind.Operation():
				rec.Type = Invoke
				open = append(open, seq)
			default:
				rec.Type = Event
			}
		}
		fill(t, &rec)
		if rec.Kind == Claim {
			rec.Epoch = max(rec.Epoch, 1)
		}
		h.Records = append(h.Records, rec)
	}
	return h
}

// asked is the first open call that is answered with listed jobs, and whose it is.
func asked(h *History, open []int64) (call int64, process ProcessID) {
	for _, seq := range open {
		invoke := h.Records[seq-1]
		if invoke.Kind == List || invoke.Kind == Wait && invoke.Job == None {
			return seq, invoke.Process
		}
	}
	return 0, None
}

func fill(t *rapid.T, rec *Record) {
	text := rapid.OneOf(rapid.Just(""), rapid.String())
	rec.Epoch = rapid.Int64Min(0).Draw(t, "epoch")
	rec.Revision = rapid.Int64Min(0).Draw(t, "revision")
	rec.Attempt = rapid.Int32Min(0).Draw(t, "attempt")
	rec.N = rapid.Int32Min(0).Draw(t, "n")
	rec.Counted = rapid.Bool().Draw(t, "counted")
	rec.Subject, rec.From = text.Draw(t, "subject"), text.Draw(t, "from")
	rec.To, rec.Reason = text.Draw(t, "to"), text.Draw(t, "reason")
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawn(t)
		var b bytes.Buffer
		if err := Write(&b, h); err != nil {
			t.Fatal(err)
		}
		got, err := Read(bytes.NewReader(b.Bytes()), "x")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if diff := cmp.Diff(h, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestAnyJSONReaderReadsIt holds what is written against encoding/json.
func TestAnyJSONReaderReadsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawn(t)
		var b bytes.Buffer
		if err := Write(&b, h); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		var header struct {
			Header
			Processes, Jobs []string
		}
		if err := json.Unmarshal([]byte(lines[0]), &header); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h.Header, header.Header); diff != "" {
			t.Fatal(diff)
		}
		for i, rec := range h.Records {
			var line struct {
				Seq     int64 `json:"seq"`
				At      int64 `json:"at_ns"`
				Subject string
				Reason  string
				Job     string
				Process string
			}
			if err := json.Unmarshal([]byte(lines[i+1]), &line); err != nil {
				t.Fatal(err)
			}
			if line.Seq != int64(i)+1 || line.At != rec.At || line.Subject != rec.Subject ||
				line.Reason != rec.Reason || line.Job != h.JobName(rec.Job) ||
				line.Process != h.ProcessName(rec.Process) {
				t.Fatalf("%+v reads as %+v", rec, line)
			}
		}
	})
}

// sample has every field and every kind of text.
func sample() *History {
	r := NewRecorder(Header{
		Scenario: "endless cycle", Seed: 1<<64 - 1, Hash: "0123456789abcdef", Attempts: 5, CycleLength: 10,
		RestWithin: 10e9, End: 60e9, Faults: "storage.slow rate=10% for=1s..2s on=claim,save; node.crash at=10s",
	})
	client, one, store := r.Process("client"), r.Process("conductor-1"), r.Process("store")
	job := r.Job("job \"1\"\n\\ \x01 é 木 \U0001F600")
	r.Job("job-2")
	r.Append(Record{Type: Invoke, Kind: Post, Process: client, Job: job})
	r.Append(Record{At: 5e6, Type: OK, Kind: Post, Process: client, Job: job, Call: 1, Revision: 1})
	r.Append(Record{At: 6e6, Type: Invoke, Kind: Claim, Process: one, Job: job})
	r.Append(Record{
		At: 9e6, Type: OK, Kind: Claim, Process: one, Job: job, Call: 3, Epoch: 1, Attempt: 1, Revision: 3,
	})
	r.Append(Record{
		At: 9e6, Type: Event, Kind: Move, Process: one, Job: job, Epoch: 1, Subject: "t\t1", From: "PENDING",
		To: "RUNNING",
	})
	r.Append(Record{At: 9e6, Type: OK, Kind: Save, Process: one, Job: job, Epoch: 1, N: 2, Revision: 4})
	r.Append(Record{
		At: 10e6, Type: Invoke, Kind: Abandon, Process: one, Job: job, Epoch: 1, Counted: true, Reason: "boom\r",
	})
	r.Append(Record{At: 11e6, Type: Info, Kind: Abandon, Process: one, Job: job, Call: 7, Epoch: 1})
	r.Append(Record{At: 11e6, Type: Event, Kind: Heal, Process: None, Job: None})
	r.Append(Record{
		At: 12e9, Type: Event, Kind: Ruined, Process: store, Job: job, Subject: "claim", Reason: "a bit flipped",
	})
	r.Append(Record{At: 13e9, Type: Event, Kind: Ruined, Process: None, Job: None, Reason: "the disk was lost"})
	r.Append(Record{At: 60e9, Type: Event, Kind: Final, Process: store, Job: job, To: FinalUnclaimed})
	return r.History()
}

func TestGolden(t *testing.T) {
	checkGolden(t, "testdata/sample.jsonl", sample)
}

// checkGolden compares what is written of a history with a golden file, and what is read of that file with the
// history.
func checkGolden(t *testing.T, file string, made func() *History) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, made()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
	h, err := Read(bytes.NewReader(want), file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made(), h); diff != "" {
		t.Error(diff)
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	h := &History{
		Header: Header{Version: Version, Scenario: "a\xffb\xc3"},
		Records: []Record{
			{Type: Event, Kind: Note, Job: None, Process: None, Reason: "\x80x"},
		},
	}
	var b bytes.Buffer
	if err := Write(&b, h); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b, "x")
	if err != nil {
		t.Fatal(err)
	}
	if got.Header.Scenario != "a�b�" || got.Records[0].Reason != "�x" {
		t.Errorf("%q, %q", got.Header.Scenario, got.Records[0].Reason)
	}
}

func TestLinesOfAnyLength(t *testing.T) {
	h := sample()
	h.Records[0].Reason = strings.Repeat("long ", 100_000)
	var b bytes.Buffer
	if err := Write(&b, h); err != nil {
		t.Fatal(err)
	}
	for _, r := range []io.Reader{
		bytes.NewReader(b.Bytes()), iotest.OneByteReader(bytes.NewReader(b.Bytes())),
		strings.NewReader(strings.TrimSuffix(b.String(), "\n")),
		strings.NewReader(strings.ReplaceAll(b.String(), "\n", "\r\n")),
	} {
		got, err := Read(r, "x")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h, got); diff != "" {
			t.Error(diff)
		}
	}
}

// full is a disk with room for so many writes.
type full int

var errFull = errors.New("the disk is full")

func (f *full) Write(b []byte) (int, error) {
	if *f--; *f < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestErrorsOfTheDisk(t *testing.T) {
	h := sample()
	for range 2000 {
		h.Records = append(h.Records, Record{At: 60e9, Type: Event, Kind: Note, Job: None, Process: None})
	}
	for room := range full(2) {
		left := room
		if err := Write(&left, h); !errors.Is(err, errFull) {
			t.Errorf("with room for %d writes: %v", room, err)
		}
	}
	var b bytes.Buffer
	if err := Write(&b, h); err != nil {
		t.Fatal(err)
	}
	broken := io.MultiReader(bytes.NewReader(b.Bytes()[:b.Len()/2]), iotest.ErrReader(errFull))
	_, err := Read(broken, "run.jsonl")
	if !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "run.jsonl: ") {
		t.Errorf("a disk that breaks: %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	h := large()
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var text bytes.Buffer
	if err := Write(&text, large()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(text.Bytes()), "x"); err != nil {
			b.Fatal(err)
		}
	}
}

// large is as long as a run's history.
func large() *History {
	h := sample()
	for range 4000 {
		h.Records = append(h.Records, Record{
			At: 60e9, Type: Event, Kind: Move, Process: 1, Job: 0, Epoch: 3, Subject: "task-1",
			From: "RUNNING", To: "SUCCESS",
		})
	}
	return h
}
