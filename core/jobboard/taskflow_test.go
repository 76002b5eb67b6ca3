package jobboard_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"derail/core/jobboard"
)

// recordings is where the boards are that TaskFlow itself was recorded on; its README describes them.
const recordings = "testdata/taskflow"

// recording is one board of TaskFlow's, and what it answered.
type recording struct {
	ID    string `json:"id"`
	Steps []step `json:"steps"`
}

type step struct {
	Op       string `json:"op"`
	Who      string `json:"who"`
	Job      string `json:"job"`
	Priority string `json:"priority"`
	Answer   answer `json:"answer"`
}

type answer struct {
	OK    any    `json:"ok"`
	Error string `json:"error"`
}

// String is the answer in JSON, a list in the order of its names: lists are compared as sets.
func (a answer) String() string {
	if a.Error != "" {
		return a.Error
	}
	if list, ok := a.OK.([]any); ok {
		list = slices.Clone(list)
		slices.SortFunc(list, func(x, y any) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
		a.OK = list
	}
	text, err := json.Marshal(a.OK)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (s *step) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s: %s %s %s", s.Who, s.Op, s.Job, s.Priority)), " ")
}

// TestTaskFlowJobboard: the board answers as TaskFlow's does, step by step.
func TestTaskFlowJobboard(t *testing.T) {
	exceptions := readExceptions(t)
	seen, ran := map[[sha256.Size]byte]bool{}, 0
	for i, folder := range []string{recordings, os.Getenv("TASKFLOW_CORPUS")} {
		if folder == "" {
			continue
		}
		if _, err := os.ReadDir(folder); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(folder, "jobboard*.jsonl.gz"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			stored, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(stored); !seen[sum] {
				seen[sum] = true
				t.Run(filepath.Base(file), func(t *testing.T) { ran += playAll(t, stored, exceptions) })
			}
		}
		if i == 0 && ran != 491 {
			t.Errorf("%d recordings in %s; there are 491", ran, recordings)
		}
	}
	for id, used := range exceptions {
		if !used {
			t.Errorf("exceptions.txt: no recording is called %s", id)
		}
	}
}

// readExceptions returns the ids of the cases that record a defect of TaskFlow, none of them used yet.
func readExceptions(t *testing.T) map[string]bool {
	text, err := os.ReadFile(filepath.Join(recordings, "exceptions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	exceptions := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, defect, _ := strings.Cut(line, " ")
		if defect == "" {
			t.Errorf("exceptions.txt: %s has no defect", id)
		}
		exceptions[id] = false
	}
	if len(exceptions) >= 10 {
		t.Errorf("exceptions.txt: %d exceptions are no exceptions any more", len(exceptions))
	}
	return exceptions
}

// playAll plays the recordings of one file and returns how many there are.
func playAll(t *testing.T, stored []byte, exceptions map[string]bool) int {
	all := read(t, stored)
	for i := range all {
		r := &all[i]
		difference := ""
		for _, way := range ways {
			if difference == "" {
				difference = playAlone(t, r, way)
			}
		}
		_, excepted := exceptions[r.ID]
		switch {
		case excepted:
			exceptions[r.ID] = true
			if difference == "" {
				t.Errorf("exceptions.txt: %s does not differ", r.ID)
			}
		case difference != "":
			t.Errorf("%s %s", r.ID, difference)
		}
	}
	return len(all)
}

func read(t *testing.T, stored []byte) []recording {
	t.Helper()
	unpacked, err := gzip.NewReader(bytes.NewReader(stored))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, 1<<24)
	var all []recording
	for lines.Scan() {
		var r recording
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields() // what is not understood is not compared either
		if err := d.Decode(&r); err != nil {
			t.Fatalf("line %d: %v", len(all)+1, err)
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// playAlone plays a recording on a board of its own, in a bubble whose clock moves only when all wait.
func playAlone(t *testing.T, r *recording, way lapse) (difference string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, way)
		defer st.store.Close()
		if difference = st.play(r); difference != "" {
			difference += "claims expire because " + string(way) + "\n"
		}
	})
	return difference
}

// play does what the recording says until an answer differs, and says so.
func (st *stage) play(r *recording) string {
	for i := range r.Steps {
		s := &r.Steps[i]
		got, err := st.do(s)
		problem := ""
		switch {
		case err != nil:
			problem = err.Error()
		case got.String() != s.Answer.String():
			problem = "got " + got.String() + ", want " + s.Answer.String()
		default:
			problem = misordered(got, r.Steps[:i])
		}
		if problem == "" {
			continue
		}
		story := fmt.Sprintf("differs at step %d (%s): %s\n", i, s, problem)
		for n := range i + 1 {
			story += fmt.Sprintf("\t%2d  %-28s  %s\n", n, &r.Steps[n], r.Steps[n].Answer)
		}
		return story
	}
	return ""
}

// misordered says what is wrong with the order of a list: TaskFlow's documentation promises the highest
// priority first, and the oldest first among equals.
func misordered(got answer, before []step) string {
	list, ok := got.OK.([]any)
	if !ok {
		return ""
	}
	rank := map[any]int{} // smaller is earlier
	for i, s := range before {
		if p, err := jobboard.ParsePriority(s.Priority); s.Op == "post" && err == nil {
			rank[s.Job] = i - int(p)*len(before)
		}
	}
	if slices.IsSortedFunc(list, func(x, y any) int { return rank[x] - rank[y] }) {
		return ""
	}
	return fmt.Sprintf("the list %v is not in order", list)
}

// TestTaskFlowJobboardTells: an answer that differs is found, and told with its step.
func TestTaskFlowJobboardTells(t *testing.T) {
	said := func(ok any) answer { return answer{OK: ok} }
	good := []step{
		{Op: "post", Who: "A", Job: "j1", Priority: "LOW", Answer: said("j1")},
		{Op: "post", Who: "B", Job: "j2", Priority: "VERY_HIGH", Answer: said("j2")},
		{Op: "claim", Who: "A", Job: "j1", Answer: said(nil)},
		{Op: "consume", Who: "B", Job: "j1", Answer: answer{Error: "JobFailure"}},
		{Op: "list", Who: "C", Answer: said([]any{"j1", "j2"})},
		{Op: "expire", Who: "C", Job: "j1", Answer: said(true)},
		{Op: "count", Who: "C", Answer: said(2)},
		{Op: "abandon", Who: "A", Job: "j1", Answer: answer{Error: "NotFound"}},
		{Op: "state", Who: "C", Job: "j1", Answer: said("UNCLAIMED")},
	}
	for _, way := range ways {
		if got := playAlone(t, &recording{Steps: good}, way); got != "" {
			t.Errorf("it differs: %s", got)
		}
		for i := range good {
			bad := slices.Clone(good)
			bad[i].Answer = said("something else")
			want := fmt.Sprintf("step %d (%s): got %s, want \"something else\"\n", i, &bad[i], good[i].Answer)
			if got := playAlone(t, &recording{Steps: bad}, way); !strings.Contains(got, want) {
				t.Errorf("it does not say %q: %s", want, got)
			}
		}
	}
	if got := misordered(said([]any{"j1", "j2"}), good); got == "" {
		t.Error("a list in a wrong order is in order")
	}
	if got := misordered(said([]any{"j2", "j1"}), good); got != "" {
		t.Error(got)
	}
}
