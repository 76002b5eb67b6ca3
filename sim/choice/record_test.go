package choice_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/sim/choice"
)

// question is one draw that a run might make.
type question struct {
	Stream, Entity string
	N              uint64
}

var questions = rapid.SliceOf(rapid.Custom(func(t *rapid.T) question {
	return question{
		Stream: rapid.SampledFrom([]string{"kernel", "net.delay", "a/b", "", "%#\n "}).Draw(t, "stream"),
		Entity: rapid.SampledFrom([]string{"", "tie", "a→b", "x/y#1"}).Draw(t, "entity"),
		N:      rapid.SampledFrom([]uint64{1, 2, 100, 1 << 63}).Draw(t, "n"),
	}
}))

func ask(source *choice.Source, all []question) []uint64 {
	answers := make([]uint64, len(all))
	for i, q := range all {
		answers[i] = source.Stream(q.Stream, q.Entity).Draw(q.N)
	}
	return answers
}

// Recording changes no draw; the record, written and read, replays the run; and the replay's own
// record is the same once more.
func TestRecordAndReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, all := rapid.Uint64().Draw(t, "seed"), questions.Draw(t, "questions")
		recording := choice.Recording(seed)
		seeded, recorded := ask(choice.Seeded(seed), all), ask(recording, all)
		if !slices.Equal(seeded, recorded) {
			t.Fatalf("recording drew %v, not %v", recorded, seeded)
		}
		record := recording.Record()
		read, err := choice.ParseRecord(record.String())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(read, record) || read.Hash() != record.Hash() {
			t.Fatalf("the record does not survive its text:\n%s%s", record, read)
		}
		replay := choice.Replay(read)
		if replayed := ask(replay, all); !slices.Equal(seeded, replayed) {
			t.Fatalf("the replay drew %v, not %v", replayed, seeded)
		}
		if again := replay.Record(); !slices.Equal(again, record) {
			t.Fatalf("the replay recorded\n%snot\n%s", again, record)
		}
	})
}

// Taking draws out of a record makes those draws benign and leaves the others as they were.
func TestReplayOfLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, all := rapid.Uint64().Draw(t, "seed"), questions.Draw(t, "questions")
		recording := choice.Recording(seed)
		want := ask(recording, all)
		removed := make(map[choice.Address]bool)
		var less choice.Record
		for _, draw := range recording.Record() {
			if removed[draw.Address] = rapid.Bool().Draw(t, "remove"); !removed[draw.Address] {
				less = append(less, draw)
			}
		}
		slices.Reverse(less) // the order of a record does not matter
		drawn := make(map[[2]string]uint64)
		for i, q := range all {
			name := [2]string{q.Stream, q.Entity}
			drawn[name]++
			if removed[choice.Address{Stream: q.Stream, Entity: q.Entity, N: drawn[name]}] {
				want[i] = 0
			}
		}
		if got := ask(choice.Replay(less), all); !slices.Equal(got, want) {
			t.Fatalf("drew %v, want %v", got, want)
		}
	})
}

func TestReplayRefusesWhatDoesNotFit(t *testing.T) {
	at := func(n uint64) choice.Address { return choice.Address{Stream: "s", N: n} }
	record := choice.Record{{at(1), 7}, {at(2), 7}, {at(2), 5}, {at(4), 1}}
	replay := choice.Replay(record)
	stream := replay.Stream("s", "")
	got := []uint64{stream.Draw(7), stream.Draw(8), stream.Draw(8), stream.Draw(2)}
	if want := []uint64{0, 7, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("drew %v, want %v", got, want)
	}
	if text := replay.Record().String(); text != "s/#2 7\ns/#4 1\n" {
		t.Errorf("recorded %q: more, or less, than was used", text)
	}
}

func TestSeededRemembersNothing(t *testing.T) {
	source := choice.Seeded(9)
	source.Stream("s", "e").Draw(1 << 40)
	if record := source.Record(); len(record) != 0 {
		t.Errorf("recorded %v", record)
	}
}

func TestRecordText(t *testing.T) {
	record := choice.Record{
		{choice.Address{Stream: "net/x", Entity: "a/b", N: 12}, 7},
		{choice.Address{Stream: "kernel", Entity: "tie", N: 10}, 3},
		{choice.Address{Stream: "kernel", Entity: "tie", N: 9}, 18446744073709551615},
		{choice.Address{Stream: "a b", Entity: "50%\x7f\n#", N: 1}, 1},
	}
	const want = "a%20b/50%25%7f%0a%23#1 1\n" +
		"kernel/tie#9 18446744073709551615\n" +
		"kernel/tie#10 3\n" +
		"net%2fx/a/b#12 7\n"
	text, err := record.MarshalText()
	if err != nil || string(text) != want {
		t.Errorf("text is\n%s(%v), want\n%s", text, err, want)
	}
	var read choice.Record
	elsewhere := "# a comment\r\n\n" + strings.ReplaceAll(want, "\n", "\r\n")
	if err := read.UnmarshalText([]byte(elsewhere)); err != nil {
		t.Fatal(err)
	}
	if read.String() != want || read.Hash() != record.Hash() {
		t.Errorf("read back as\n%s", read)
	}
	if line := record[0].String(); line != "net%2fx/a/b#12 7" {
		t.Errorf("a draw is %q", line)
	}
	if without := record[1:]; without.Hash() == record.Hash() {
		t.Error("another record has the same hash")
	}
}

func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]string{
		"kernel":                     "line 1, column 7: a stream's name ends with '/', and",
		"\n#\nkernel/tie":            "line 3, column 11: an entity's name ends with '#', and",
		"a/b#1 1\na/b#1":             "line 2, column 6: a space and a value stand behind",
		"a/b#0 1":                    "column 5: the number of the draw is a decimal number from 1 to",
		"a/b#01 1":                   "not \"01\"",
		"a/b#+1 1":                   "not \"+1\"",
		"a/b#x 1":                    "column 5: the number of the draw is",
		"a/b# 1":                     "not \"\"",
		"a/b#1 0":                    "column 7: the value is a decimal number from 1 to 2^64-1, not \"0\"",
		"a/b#1 1 ":                   "not \"1 \"",
		"a/b#1 ":                     "column 7: the value is",
		"a/b#1 99999999999999999999": "not \"99999999999999999999\"",
		"a b/c#1 1":                  "column 2: a name with ' ' in it",
		"a/b%2#1 1":                  "column 4: '%' stands before two hexadecimal digits",
		"a/b%":                       "column 4: '%' stands",
		"a#b/c#1 1":                  "column 2: a name with '#' in it",
		"a/b#1 1\n\na/b#1 2":         "line 3, column 1: the same draw is answered in line 1",
	} {
		_, err := choice.ParseRecord(text)
		var syntax *choice.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		kept := choice.Record{{Value: 1}}
		if kept.UnmarshalText([]byte(text)) == nil || len(kept) != 1 {
			t.Errorf("%q: UnmarshalText took it", text)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add("kernel/tie#1 5\n# note\na%20b/#3 18446744073709551615\n")
	f.Fuzz(func(t *testing.T, text string) {
		record, err := choice.ParseRecord(text)
		if err != nil {
			return
		}
		again, err := choice.ParseRecord(record.String())
		if err != nil || !slices.Equal(record, again) {
			t.Errorf("%q reads as %v and again as %v (%v)", text, record, again, err)
		}
	})
}
