package reports

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"derail/checker/history"
)

// Stepper goes through the records of a run one by one, forwards and back. It stands at one record, or
// before the first; what is so at that record is worked out from the beginning, so that going back costs no
// more than going on.
type Stepper struct {
	f     *RunFolder
	tale  Telling
	marks map[int64][]violation
	shown []int64 // the records that it stops at
	at    int     // the place in shown
}

// NewStepper is a Stepper at the first record of what is to be told.
func NewStepper(f *RunFolder, tale *Telling) *Stepper {
	s := &Stepper{f: f, tale: *tale}
	s.marks, _ = violations(f)
	s.choose()
	return s
}

// choose finds the records to stop at.
func (s *Stepper) choose() {
	h := s.f.History
	s.shown = s.shown[:0]
	for i := range h.Records {
		r := &h.Records[i]
		if r.Kind == history.Message && !s.tale.Messages {
			continue
		}
		b := beat{At: r.At, All: r.Job < 0 && hitsAll(r), Nodes: []history.ProcessID{r.Process}}
		b.Jobs = append(b.Jobs, r.Job)
		if id := slices.Index(h.Jobs, r.Subject); r.Job < 0 && id >= 0 {
			b.Jobs = append(b.Jobs, history.JobID(id))
		}
		if s.tale.has(h, &b) {
			s.shown = append(s.shown, int64(i+1))
		}
	}
}

// Empty says whether there is no record to stop at.
func (s *Stepper) Empty() bool { return len(s.shown) == 0 }

// Record is the number of the record that it stands at.
func (s *Stepper) Record() int64 { return s.shown[s.at] }

// Move goes so many records on, or back, and says whether it could go all that way.
func (s *Stepper) Move(by int) bool {
	to := s.at + by
	s.at = min(max(to, 0), len(s.shown)-1)
	return s.at == to
}

// GoTo goes to a record, or where it does not stop there to the next; and says whether there is one.
func (s *Stepper) GoTo(record int64) bool {
	at, _ := slices.BinarySearch(s.shown, record)
	if at == len(s.shown) {
		s.at = at - 1
		return false
	}
	s.at = at
	return true
}

// GoToTime goes to the first record at a virtual time or after it, and says whether there is one.
func (s *Stepper) GoToTime(ns int64) bool {
	records := s.f.History.Records
	return s.GoTo(int64(sort.Search(len(records), func(i int) bool { return records[i].At >= ns })) + 1)
}

// GoToBroken goes to the next record at which a promise was broken, from the beginning again after the last,
// and says whether there is one.
func (s *Stepper) GoToBroken() bool {
	return s.find(func(seq int64) bool { return len(s.broken(seq)) > 0 })
}

// Search goes to the next record whose sentence has the text in it, in capitals or not, from the beginning
// again after the last; and says whether there is one.
func (s *Stepper) Search(text string) bool {
	text = strings.ToLower(text)
	return s.find(func(seq int64) bool {
		return strings.Contains(strings.ToLower(Sentence(s.f.History, seq)), text)
	})
}

func (s *Stepper) find(is func(seq int64) bool) bool {
	for i := 1; i <= len(s.shown); i++ {
		if at := (s.at + i) % len(s.shown); is(s.shown[at]) {
			s.at = at
			return true
		}
	}
	return false
}

// OnlyJob stops from now on only at what is about a job, or with "" at everything; and says whether there
// is such a job, and anything about it to stop at.
func (s *Stepper) OnlyJob(name string) bool {
	if name != "" && !slices.Contains(s.f.History.Jobs, name) {
		return false
	}
	here, before := s.Record(), s.tale.Jobs
	s.tale.Jobs = nil
	if name != "" {
		s.tale.Jobs = []string{name}
	}
	s.choose()
	found := len(s.shown) > 0
	if !found {
		s.tale.Jobs = before
		s.choose()
	}
	s.GoTo(here)
	return found
}

// broken are the promises that show to be broken at a record. What no record shows, shows at the last.
func (s *Stepper) broken(seq int64) []violation {
	list := s.marks[seq]
	if seq == int64(len(s.f.History.Records)) {
		list = slices.Concat(list, s.marks[0])
	}
	return list
}

// Text is where it stands, as lines for a file: the record, and what is so after it.
func (s *Stepper) Text(style Style) string {
	w := &prose{style: style}
	w.step(s, s.at, "", "")
	w.state(s)
	return w.b.String()
}

// Screen is where it stands, for a terminal with so many lines: the records around it, and what is so after
// it.
func (s *Stepper) Screen(style Style, height int) string {
	around := &prose{style: style}
	state := &prose{style: style}
	state.state(s)
	room := max(3, height-strings.Count(state.b.String(), "\n")-4)
	first := min(max(0, s.at-room/2), max(0, len(s.shown)-room))
	for i := first; i < min(first+room, len(s.shown)); i++ {
		mark, sgr := "  ", faint
		switch {
		case i == s.at:
			mark, sgr = "> ", strong
		case i < s.at:
			sgr = ""
		}
		around.step(s, i, mark, sgr)
	}
	title, _, _ := strings.Cut(fold(s.title(), "", "", style.width()), "\n")
	return style.paint(strong, title) + "\n\n" + around.near(room) + "\n" + state.b.String()
}

// near is at most so many of the lines, the one of the record that is stood at among them.
func (w *prose) near(room int) string {
	lines := slices.Collect(strings.Lines(w.b.String()))
	if len(lines) <= room {
		return w.b.String()
	}
	at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "> #") })
	first := min(max(0, at-room/2), len(lines)-room)
	return strings.Join(lines[first:first+room], "")
}

// title says what run it is, and what part of it.
func (s *Stepper) title() string {
	text := fmt.Sprintf("%s, seed %d: %s", clean(s.f.Run.Scenario), s.f.Run.Seed, runOutcome(s.f.Run.Verdicts))
	if s.tale.Chosen() {
		text += " (" + strings.TrimPrefix(s.tale.title(), "What happened ") + ")"
	}
	return text
}

// step writes one record.
func (w *prose) step(s *Stepper, at int, mark, sgr string) {
	seq := s.shown[at]
	r := &s.f.History.Records[seq-1]
	sign := " "
	if r.Kind == history.Fault || r.Kind == history.Ruined {
		sign = string(markFault)
		if sgr == "" {
			sgr = warn
		}
	}
	head := fmt.Sprintf("%s#%-6d %9s %s ", mark, seq, instant(r.At), sign)
	if mark == "" {
		head = fmt.Sprintf("#%d of %d  %s %s ", seq, len(s.f.History.Records), instant(r.At), sign)
	}
	rest := strings.Repeat(" ", columns(head))
	w.lines(sgr, fold(clean(Sentence(s.f.History, seq)), head, rest, w.style.width()))
	for _, v := range s.broken(seq) {
		head := strings.Repeat(" ", columns(head)-2) + string(markBroken) + " "
		w.lines(bad, fold(clean(v.text), head, rest, w.style.width()))
	}
}
