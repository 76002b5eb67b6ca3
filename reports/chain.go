package reports

import (
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
)

// chainView is the explanation of a broken promise, as the page shows it.
type chainView struct {
	ID, Prefix string // of the ids of the run's section and of its records
	*Explanation
	Links     []linkView
	Left      string // how much is folded away
	Unordered *unorderedView
	Parting   *partingView
	Curve     *curveView
}

type linkView struct {
	Record        int64
	At, Who, Text string
	Why           []wordView
	Folded        string // what lies between it and the link before
}

type unorderedView struct {
	Text    []wordView
	Until   []wordView
	Steps   []step
	Drawing string // the address of porcupine's drawing
}

type partingView struct {
	Fault         string
	Outcome       string // empty: the two do not part
	Place         []wordView
	With, Without []string
}

// curveView is the share of branches that fail, over the instants at which they leave the run.
type curveView struct {
	Text   []wordView
	Only   string // for which job the promise must be broken to count
	Jump   int64
	Path   template.HTMLAttr // of the line, in a box of curveWidth by curveHeight
	Area   template.HTMLAttr
	JumpX  string
	From   string
	Until  string
	Points []pointView
	Rows   []branchView
}

type pointView struct{ X, Y, Text string }

type branchView struct {
	Record       int64
	At           string
	Broken, Runs int
	Share        string
	Jump         bool
}

// wordView is a piece of a text, and the record that it names; 0: none.
type wordView struct {
	Text   string
	Record int64
}

// recordsNamed are the numbers of records in a text.
var recordsNamed = regexp.MustCompile(`\brecord (\d{1,15})\b`)

// linked is a text in pieces, so that the records that it names can be links.
func linked(text string) []wordView {
	var words []wordView
	last := 0
	for _, at := range recordsNamed.FindAllStringSubmatchIndex(text, -1) {
		seq, err := strconv.ParseInt(text[at[2]:at[3]], 10, 64)
		if err != nil {
			continue
		}
		words = append(words, wordView{Text: text[last:at[2]]}, wordView{Text: text[at[2]:at[3]], Record: seq})
		last = at[3]
	}
	if last < len(text) {
		words = append(words, wordView{Text: text[last:]})
	}
	return words
}

const curveWidth, curveHeight = 1000, 100

// newChain is nil where nobody explained the run, whose files are at a place.
func newChain(f *RunFolder, number int, at place) *chainView {
	e := f.Explanation
	if e == nil {
		return nil
	}
	v := &chainView{ID: sectionID(number), Prefix: recordPrefix(number), Explanation: e, Left: e.left()}
	for _, l := range e.Chain {
		link := linkView{
			Record: l.Record, At: instant(l.AtNS), Who: clean(l.Node), Text: clean(l.Text),
			Why: linked(clean(l.Why)),
		}
		if l.Folded > 0 {
			link.Folded = plural(int64(l.Folded), "record") + " in between"
		}
		v.Links = append(v.Links, link)
	}
	if u := e.Unordered; u != nil {
		v.Unordered = &unorderedView{
			Text: linked(clean(u.Text)), Until: linked(u.until()),
			Steps: folded(records(f.History, u.Records), mostEvidence),
		}
		if u.Drawing != "" && !strings.Contains(u.Drawing, "/") {
			v.Unordered.Drawing = at.link(u.Drawing)
		}
	}
	v.Parting = newParting(e.Without, e.Job)
	v.Curve = newCurve(e.Inevitable)
	return v
}

func newParting(p *Parting, job string) *partingView {
	if p == nil {
		return nil
	}
	v := &partingView{Fault: clean(p.Fault), Place: linked(p.place())}
	if p.Record == 0 {
		return v
	}
	v.Outcome = p.outcome(clean(job))
	for _, text := range p.With {
		v.With = append(v.With, clean(text))
	}
	for _, text := range p.Without {
		v.Without = append(v.Without, clean(text))
	}
	return v
}

func newCurve(i *Inevitable) *curveView {
	if i == nil || len(i.Branches) == 0 {
		return nil
	}
	first, last := i.Branches[0].AtNS, i.Branches[len(i.Branches)-1].AtNS
	span := max(1, last-first)
	v := &curveView{
		Text: linked(clean(i.Text)), Only: clean(i.Job), Jump: i.Record, From: instant(first), Until: instant(last),
		JumpX: percent(min(max(0, i.AtNS-first), span), span),
	}
	var line strings.Builder
	for n, b := range i.Branches {
		runs := max(1, b.Runs)
		x, y := across(b.AtNS-first, span), curveHeight-b.Broken*curveHeight/runs
		if n > 0 {
			line.WriteByte(' ')
		}
		fmt.Fprintf(&line, "%d,%d", x, y)
		share := fmt.Sprintf("%d %%", b.Broken*100/runs)
		v.Rows = append(v.Rows, branchView{
			Record: b.Record, At: instant(b.AtNS), Broken: b.Broken, Runs: b.Runs, Share: share,
			Jump: b.Record == i.Record,
		})
		v.Points = append(v.Points, pointView{
			X: percent(b.AtNS-first, span), Y: percent(int64(runs-b.Broken), int64(runs)),
			Text: fmt.Sprintf("%s: %d of %d fail", instant(b.AtNS), b.Broken, b.Runs),
		})
	}
	v.Path = template.HTMLAttr(`points="` + line.String() + `"`)
	v.Area = template.HTMLAttr(fmt.Sprintf(`points="0,%d %s %d,%d"`, curveHeight, line.String(), curveWidth,
		curveHeight))
	return v
}

// across is a place in the box of a curve.
func across(n, span int64) int64 {
	for span > 1<<50 { // a thousand times more must fit into 63 bits
		n, span = n/2, span/2
	}
	return min(n*curveWidth/max(1, span), curveWidth)
}
