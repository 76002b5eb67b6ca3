package draw

import (
	"fmt"
	"strings"
	"unicode"

	"derail/core/flow"
	"derail/core/state"
)

// Mermaid draws the flow as a Mermaid flowchart, with the same boxes and arrows as [DOT].
func Mermaid(f *flow.Flow, o Options) string {
	s := sketchOf(f)
	m := mermaid{sketch: s, options: o}
	m.line(0, "flowchart TD")
	m.line(1, "subgraph all[%s]", mermaidQuoted(s.all.title))
	m.parts(&s.all, 2)
	m.line(1, "end")
	for _, a := range s.arrows {
		shape, why := "-->", ""
		if a.decides {
			shape = "-.->"
		}
		if a.why != "" {
			why = "|" + mermaidQuoted(a.why) + "|"
		}
		m.line(1, "n%d %s%s n%d", a.from, shape, why, a.to)
	}
	m.colours()
	return m.text.String()
}

type mermaid struct {
	*sketch
	options Options
	page
	boxes int
}

func (m *mermaid) parts(b *box, depth int) {
	for _, p := range b.parts {
		if p.box == nil {
			m.line(depth, "n%d%s", p.point, m.look(&m.points[p.point]))
			continue
		}
		m.line(depth, "subgraph f%d[%s]", m.boxes, mermaidQuoted(p.box.title))
		m.boxes++
		m.parts(p.box, depth+1)
		m.line(depth, "end")
	}
}

func (m *mermaid) look(p *point) string {
	if p.joint {
		return `(( ))`
	}
	label := mermaidEscaped(visible(p.name))
	if s := m.options.state(p.name); s != "" {
		label += "<br/>" + mermaidEscaped(string(s))
	}
	if p.retry {
		return `{{"` + label + `"}}`
	}
	return `("` + label + `")`
}

// colours gives the points of each state one class.
func (m *mermaid) colours() {
	if !m.options.Colour {
		return
	}
	var seen []state.State
	ids := map[state.State][]string{}
	for i, p := range m.points {
		s := m.options.state(p.name)
		if _, has := hueOf(s); p.joint || !has {
			continue
		}
		if ids[s] == nil {
			seen = append(seen, s)
		}
		ids[s] = append(ids[s], fmt.Sprint("n", i))
	}
	for _, s := range seen {
		hue, _ := hueOf(s)
		m.line(1, "classDef %s fill:%s,color:#000", s, hue.fill)
		m.line(1, "class %s %s", strings.Join(ids[s], ","), s)
	}
}

func mermaidQuoted(text string) string { return `"` + mermaidEscaped(text) + `"` }

// mermaidEscaped is text inside of quotes. Mermaid takes some of it for markup, at the start for the item
// of a list too; what is no letter, no digit and not known to be harmless becomes an entity.
func mermaidEscaped(text string) string {
	var b strings.Builder
	started := false // by something that no list begins with
	for _, r := range text {
		switch {
		case unicode.IsLetter(r) || r == '_' || started && strings.ContainsRune("-.,:/=()", r):
			started = true
			b.WriteRune(r)
		case unicode.IsDigit(r) || r == ' ':
			b.WriteRune(r)
		default:
			started = true
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
