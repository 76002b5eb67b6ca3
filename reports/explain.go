package reports

import (
	"fmt"
	"strings"
)

// ExplanationText is how a run came to break a promise, as text: what was promised, what led to the
// violation, which answers contradict each other, what happens without the last fault, and when it was
// decided. Parts that nobody worked out are not there.
func ExplanationText(e *Explanation, style Style) string {
	w := &prose{style: style}
	about := e.Property
	if e.Job != "" {
		about += ", " + e.Job
	}
	w.head("", bad, "Why it broke: "+about)
	w.para("  ", e.Summary)
	if e.Faults != "" {
		w.blank()
		w.para("  ", e.Faults)
	}
	w.chain(e)
	w.unordered(e.Unordered)
	w.parting(e.Without, e.Job)
	w.inevitable(e.Inevitable)
	if e.Cut != "" {
		w.blank()
		w.para("  ", e.Cut)
	}
	return w.b.String()
}

// numbered is a sentence with the record that it tells of.
func numbered(text string, record int64) string { return fmt.Sprintf("%s (record %d)", text, record) }

// chain tells what led to the violation. What stands behind "because" is about a line above.
func (w *prose) chain(e *Explanation) {
	if len(e.Chain) == 0 {
		return
	}
	w.blank()
	w.head("  ", strong, "What led to it")
	width := 0
	for i := range e.Chain {
		width = max(width, columns(instant(e.Chain[i].AtNS)))
	}
	indent := "    " + strings.Repeat(" ", width+2)
	for i := range e.Chain {
		l := &e.Chain[i]
		w.item("    ", padLeft(instant(l.AtNS), width)+"  ", numbered(l.Text, l.Record))
		if l.Why != "" {
			w.para(indent, "because "+l.Why)
		}
	}
	if left := e.left(); left != "" {
		w.para("    ", left)
	}
}

func (w *prose) unordered(u *Unordered) {
	if u == nil {
		return
	}
	w.blank()
	w.head("  ", strong, "What has no order")
	w.para("    ", u.Text)
	w.para("    ", u.until())
	if u.Drawing != "" {
		w.para("    ", fmt.Sprintf("%s, beside this, is a drawing of all the calls.", u.Drawing))
	}
}

func (w *prose) parting(p *Parting, job string) {
	if p == nil {
		return
	}
	w.blank()
	w.head("  ", strong, "The same run without the last of these faults")
	w.para("    ", "Left out: "+p.Fault+".")
	w.para("    ", p.place())
	if p.Record == 0 {
		return
	}
	w.beside("With it:", p.With)
	w.beside("Without it:", p.Without)
	w.para("    ", p.outcome(job))
}

func (w *prose) beside(head string, lines []string) {
	if len(lines) == 0 {
		return
	}
	w.para("    ", head)
	for _, line := range lines {
		at, text, _ := strings.Cut(line, " ")
		w.item("      ", at+"  ", text)
	}
}

func (w *prose) inevitable(v *Inevitable) {
	if v == nil {
		return
	}
	w.blank()
	w.head("  ", strong, "When it was decided")
	w.para("    ", v.Text)
	var parts []string
	for i, b := range v.Branches {
		if i == 0 || b.Broken != v.Branches[i-1].Broken {
			parts = append(parts, fmt.Sprintf("%d from %s on", b.Broken, instant(b.AtNS)))
		}
	}
	if len(parts) < 2 {
		return // it is said already that they are all alike
	}
	about := "break the promise"
	if v.Job != "" {
		about = "break it for " + v.Job
	}
	w.para("    ", fmt.Sprintf("Of %s with choices drawn anew, so many %s: %s.",
		plural(int64(v.Branches[0].Runs), "run"), about, strings.Join(parts, ", ")))
}
