package reports

import (
	"encoding/json"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"derail/checker/history"
)

// columnarRun is what the page's script knows of a run. It is in columns, and sentences that differ only
// in their names and numbers are there once: as objects with a sentence each, a hundred thousand records
// would be twenty megabytes, and take the browser a second to read.
type columnarRun struct {
	Run       int      `json:"run"`
	Prefix    string   `json:"prefix"` // of the ids of its records
	End       int64    `json:"end"`
	Jobs      []string `json:"jobs"`
	Processes []string `json:"processes"`
	Texts     []string `json:"texts"` // with placeholders, see [coder]
	Symbols   []string `json:"symbols"`
	Tones     []string `json:"tones"`
	Kinds     []string `json:"kinds"`

	Records recordColumns `json:"records"`
	Spans   spanColumns   `json:"spans"`
	Marks   markColumns   `json:"marks"`
	Flags   []landmark    `json:"flags"`
	Chain   []int64       `json:"chain"` // the records of the explanation's chain
}

// recordColumns are the records. Instants and sequence numbers are given as what they are more than those
// of the record before.
type recordColumns struct {
	Sequence []int64 `json:"seq,omitempty"` // left out where all records are there
	At       []int64 `json:"at"`
	Process  []int32 `json:"process"`
	Job      []int32 `json:"job"`
	Kind     []int   `json:"kind"`
	Tone     []int   `json:"tone"`
	Text     []int   `json:"text"`
	Numbers  []int64 `json:"numbers"` // of all texts, in their order
}

// spanColumns are the spans.
type spanColumns struct {
	Classes []string `json:"classes"`
	Labels  []string `json:"labels"`
	Class   []int    `json:"class"`
	Process []int32  `json:"process"`
	Job     []int32  `json:"job"`
	From    []int64  `json:"from"` // more than that of the span before
	Length  []int64  `json:"length"`
	Died    []int64  `json:"died"` // how long after its beginning; 0: its owner did not
	Record  []int64  `json:"record"`
	Label   []int    `json:"label"`
	Text    []int    `json:"text"`
	Numbers []int64  `json:"numbers"`
}

// markColumns are the marks.
type markColumns struct {
	Lane   []int   `json:"lane"`
	Record []int64 `json:"record"` // more than that of the mark before
	Symbol []int   `json:"symbol"`
}

// landmark is a moment that the drawing names.
type landmark struct {
	Name   string `json:"name"`
	Record int64  `json:"record"`
	At     int64  `json:"at"`
	Class  string `json:"class"`
}

// importance orders symbols: where there is no room for two marks the more telling one is shown.
var importance = [...]string{
	"ruined", "failover", "power", "crash", "heal", "flip", "outage", "cut", "clock", "trash",
	"lease", "lost", "unknown", "pause", "start", "post", "failed", "done",
	"again", "fault", "save", "astray", "request", "answer", "commit",
}

func rank(symbol string) int { return slices.Index(importance[:], symbol) }

// index gives texts their places in a list, in the order in which they come.
type index struct {
	list []string
	at   map[string]int
}

func (x *index) of(text string) int {
	at, is := x.at[text]
	if !is {
		if x.at == nil {
			x.at = make(map[string]int)
		}
		at = len(x.list)
		x.at[text] = at
		x.list = append(x.list, text)
	}
	return at
}

// coder takes names and numbers out of texts, so that few different ones are left. In their places are the
// characters from whoHere to numberHere; those after it, for instants, are in the texts of spans.
type coder struct {
	texts   index
	numbers []int64
}

// longestNumber is how many digits a number has that a script holds exactly.
const longestNumber = 15

func (c *coder) code(text, who, job string) int {
	if job != "" {
		text = strings.ReplaceAll(text, job, jobHere)
	}
	if who != "" {
		text = strings.ReplaceAll(text, who, whoHere)
	}
	if !strings.ContainsAny(text, "0123456789") {
		return c.texts.of(text)
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		digits := text[i:end]
		switch {
		case digits == "":
			b.WriteByte(text[i])
			end++
		case len(digits) > longestNumber, len(digits) > 1 && digits[0] == '0':
			b.WriteString(digits) // it would come back as another text
		default:
			n, _ := strconv.ParseInt(digits, 10, 64)
			c.numbers = append(c.numbers, n)
			b.WriteString(numberHere)
		}
		i = end
	}
	return c.texts.of(b.String())
}

// mostEmbedded is how many records the page's script knows.
const mostEmbedded = 200_000

func newColumnarRun(f *RunFolder, number int, first []history.JobID) (run columnarRun, legend []legendEntry) {
	h := f.History
	line := newTimeline(h)
	run = columnarRun{
		Run: number, Prefix: recordPrefix(number), End: max(1, end(h)), Symbols: importance[:], Tones: tones[:],
		Kinds: kindNames[:], Flags: flags(f),
		Chain: []int64{}, Jobs: []string{}, Processes: []string{},
	}
	for id := range h.Jobs {
		run.Jobs = append(run.Jobs, jobName(h, history.JobID(id)))
	}
	for id := range h.Processes {
		run.Processes = append(run.Processes, processName(h, history.ProcessID(id)))
	}
	if f.Explanation != nil {
		for _, l := range f.Explanation.Chain {
			run.Chain = append(run.Chain, l.Record)
		}
	}
	texts := &coder{}
	run.records(f, texts, chosen(f, first, mostEmbedded))
	run.Records.Numbers, texts.numbers = texts.numbers, nil
	run.spans(texts, line.Spans)
	run.Spans.Numbers = texts.numbers
	run.marks(line.Marks)
	run.Texts = texts.texts.list
	return run, line.Legend
}

func (run *columnarRun) records(f *RunFolder, texts *coder, which []int) {
	h, c := f.History, &run.Records
	quiet := quietRecords(h)
	at, before := int64(0), 0
	for _, i := range which {
		r := &h.Records[i]
		if len(which) < len(h.Records) {
			c.Sequence = append(c.Sequence, int64(i+1-before))
			before = i + 1
		}
		c.At, at = append(c.At, r.At-at), r.At
		c.Process, c.Job = append(c.Process, int32(r.Process)), append(c.Job, int32(r.Job))
		c.Kind = append(c.Kind, int(kindOf(r.Kind)))
		c.Tone = append(c.Tone, slices.Index(tones[:], tone(r, quiet[i])))
		c.Text = append(c.Text, texts.code(Sentence(h, int64(i+1)), run.process(r.Process), run.job(r.Job)))
	}
}

func (run *columnarRun) process(id history.ProcessID) string {
	if id < 0 || int(id) >= len(run.Processes) {
		return ""
	}
	return run.Processes[id]
}

func (run *columnarRun) job(id history.JobID) string {
	if id < 0 || int(id) >= len(run.Jobs) {
		return ""
	}
	return run.Jobs[id]
}

func (run *columnarRun) spans(texts *coder, spans []stretch) {
	var classes, labels index
	c := &run.Spans
	from := int64(0)
	for i := range spans {
		s := &spans[i]
		c.Class, c.Label = append(c.Class, classes.of(s.Class)), append(c.Label, labels.of(s.Label))
		c.Process, c.Job = append(c.Process, int32(s.Process)), append(c.Job, int32(s.Job))
		c.From, from = append(c.From, s.From-from), s.From
		c.Length = append(c.Length, s.Until-s.From)
		died := int64(0)
		if s.Died > s.From {
			died = s.Died - s.From
		}
		c.Died = append(c.Died, died)
		c.Record = append(c.Record, s.Record)
		c.Text = append(c.Text, texts.code(s.Text, run.process(s.Process), run.job(s.Job)))
	}
	c.Classes, c.Labels = classes.list, labels.list
}

func (run *columnarRun) marks(marks []mark) {
	c := &run.Marks
	before := int64(0)
	for _, m := range marks {
		c.Lane = append(c.Lane, int(m.Lane))
		c.Record, before = append(c.Record, m.Record-before), m.Record
		c.Symbol = append(c.Symbol, rank(m.Symbol))
	}
}

// script is the run as the page holds it. What [json.Marshal] writes can stand in a script element: it
// escapes what could end one.
func (run columnarRun) script() template.JS {
	text, err := json.Marshal(run)
	if err != nil {
		panic(err) // there is nothing in it that has no form
	}
	return template.JS(text)
}
