package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"derail/reports"
)

// What a terminal sends is taken apart into keys, however much of it comes at once.
func TestKeys(t *testing.T) {
	for text, want := range map[string][]string{
		"n":                     {"n"},
		"npq":                   {"n", "p", "q"},
		"\x1b[C\x1b[D":          {"n", "p"},
		"\x1bOA\x1bOB":          {"p", "n"},
		"\x1b[6~\x1b[5~n":       {"page", "page back", "n"},
		"\x1b[H\x1b[F":          {"home", "end"},
		"\x1b":                  {"\x1b"},
		"\x1bn":                 {"\x1b", "n"},
		"\x1b[1;5C":             {"\x1b[1;5C"},
		"\x1b[1;5":              {"\x1b[1;5"},
		"é/":                    {"é", "/"},
		"\x03":                  {keyInterrupt},
		"":                      nil,
		"\xff":                  {"\xff"},
		strings.Repeat("n", 50): slices.Repeat([]string{"n"}, 50),
	} {
		if got := keysIn(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// What is typed after g, / and j can be corrected and called off, and is done at Enter.
func TestKeysOfAPrompt(t *testing.T) {
	f, err := reports.ReadRun(filepath.Join("..", "..", "reports", "testdata", "runs", "claim-from-stale-view"))
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{walk: &walk{stepper: reports.NewStepper(f, &reports.Telling{}), jobs: f.History.Jobs}}
	press := func(text string) (ended string) {
		for _, key := range keysIn(text) {
			ended = s.press(key)
		}
		return ended
	}
	for _, c := range []struct {
		keys   string
		at     int64
		notice string
	}{
		{"g12\x7f0\r", 10, ""},
		{"g5\x1b", 10, ""},
		{"n", 11, ""},
		{"\x1b[D", 10, ""},
		{"/consumed\r", 17, ""},
		{"gmoon\r", 17, `want the number of an event, such as 120, or a time, such as 2.5s, not "moon"`},
		{"x", 20, ""},
		{"jorders-2\r", 20, `this run has no job "orders-2": did you mean "orders-1"?`},
		{"jorders-1\r", 20, ""},
		{"\x1b[F", 25, ""},
		{"n", 25, "this is the last event (#25)"},
		{"\x1b[H", 3, ""},
		{"y", 3, "? lists the keys"},
		{"?x", 3, ""},
	} {
		if ended := press(c.keys); ended != "" {
			t.Errorf("%q ends the walk", c.keys)
		}
		if got := s.walk.stepper.Record(); got != c.at || s.notice != c.notice {
			t.Errorf("%q: at %d, %q; want %d, %q", c.keys, got, s.notice, c.at, c.notice)
		}
	}
	if press("q") != keyQuit || press("\x04") != keyQuit || press("\x03") != keyInterrupt || press("/\x03") == "" {
		t.Error("q, Ctrl-D and Ctrl-C do not end the walk")
	}
}
