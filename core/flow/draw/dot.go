package draw

import (
	"strings"

	"derail/core/flow"
)

// DOT draws the flow in the language of Graphviz: a box for each flow, solid arrows for what has to come
// first, dashed ones where a decider has a say. What a target leaves out is not drawn.
func DOT(f *flow.Flow, o Options) string {
	s := sketchOf(f)
	d := dot{sketch: s, options: o}
	d.line(0, "digraph {")
	d.line(1, "label=%s;", dotQuoted(s.all.title))
	d.line(1, "labelloc=t;")
	d.line(1, `fontname="sans-serif";`)
	d.line(1, `node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];`)
	d.line(1, `edge [fontname="sans-serif", fontsize=10];`)
	d.parts(&s.all, 1)
	for _, a := range s.arrows {
		var attributes []string
		if a.why != "" {
			attributes = append(attributes, "label="+dotQuoted(a.why))
		}
		if a.decides {
			attributes = append(attributes, "style=dashed")
		}
		with := ""
		if len(attributes) > 0 {
			with = " [" + strings.Join(attributes, ", ") + "]"
		}
		d.line(1, "n%d -> n%d%s;", a.from, a.to, with)
	}
	d.line(0, "}")
	return d.text.String()
}

type dot struct {
	*sketch
	options Options
	page
	boxes int
}

func (d *dot) parts(b *box, depth int) {
	for _, p := range b.parts {
		if p.box == nil {
			d.line(depth, "n%d [%s];", p.point, d.look(&d.points[p.point]))
			continue
		}
		d.line(depth, "subgraph cluster_%d {", d.boxes)
		d.boxes++
		d.line(depth+1, "label=%s;", dotQuoted(p.box.title))
		d.line(depth+1, "style=rounded;")
		d.parts(p.box, depth+1)
		d.line(depth, "}")
	}
}

func (d *dot) look(p *point) string {
	if p.joint {
		return `shape=point, label=""`
	}
	label := dotEscaped(visible(p.name))
	s := d.options.state(p.name)
	if s != "" {
		label += `\n` + dotEscaped(string(s))
	}
	look := `label="` + label + `"`
	if p.retry {
		look += ", shape=hexagon, style=filled"
	}
	if hue, has := hueOf(s); has && d.options.Colour {
		look += `, fillcolor="` + hue.fill + `"`
	}
	return look
}

func dotQuoted(text string) string { return `"` + dotEscaped(text) + `"` }

// dotEscaped is text inside of quotes: Graphviz knows escapes by backslashes, and entities as in HTML.
func dotEscaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `&`, `&amp;`).Replace(text)
}
