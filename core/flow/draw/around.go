package draw

import (
	"fmt"
	"slices"
	"strings"

	"derail/core/flow"
	"derail/core/state"
)

// Surroundings says what is told of the atoms around one that failed.
type Surroundings struct {
	// Depth is how many steps it goes back; 0: to the beginning.
	Depth int
	// Most is how many atoms are shown; 0: 50.
	Most int
	// About is what is known of an atom, and whether anything is. nil: nothing is.
	About func(atom string) (About, bool)
	// Hide names values and keys in them: they are shown as ***.
	Hide []string
	// Silent names atoms whose arguments and results are not shown.
	Silent []string
	// Colour colours states, for a terminal.
	Colour bool
}

// About is what is known of an atom in a run.
type About struct {
	State     state.State
	Intention state.Intention
	Args      flow.Args
	Result    any
	HasResult bool
}

// Around shows an atom and those that come before it, the nearest first: a tree that goes back in time.
// An atom to which several ways lead is shown where it is met first, and only named elsewhere. An atom
// that the flow does not have gives nothing.
func Around(f *flow.Flow, atom string, s Surroundings) string {
	w := surroundings{Surroundings: s, sketch: sketchOf(f)}
	at := slices.IndexFunc(w.points, func(p point) bool { return !p.joint && p.name == atom })
	if at < 0 {
		return ""
	}
	if w.Most <= 0 {
		w.Most = 50
	}
	w.before = make([][]int, len(w.points))
	for _, a := range w.arrows {
		w.before[a.to] = append(w.before[a.to], a.from)
	}
	w.shown = make([]bool, len(w.points))
	w.atom(at, "", "")
	w.below(at, "", 1)
	if w.size == 1 {
		w.text.WriteString("nothing comes before it\n")
	}
	return w.text.String()
}

type surroundings struct {
	Surroundings
	*sketch
	before [][]int // the points from which arrows lead to each
	shown  []bool
	size   int
	text   strings.Builder
}

// nearest is the atoms directly before a point, those on the other side of joints among them, in the
// order in which they run.
func (w *surroundings) nearest(of int) []int {
	var atoms []int
	seen := map[int]bool{}
	queue := slices.Clone(w.before[of])
	for ; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		switch {
		case seen[at]:
		case w.points[at].joint:
			queue = append(queue, w.before[at]...)
		default:
			atoms = append(atoms, at)
		}
		seen[at] = true
	}
	slices.Sort(atoms)
	return atoms
}

// below shows what comes before a point. A single way back goes straight down; only where ways part the
// tree grows to the right.
func (w *surroundings) below(of int, indent string, depth int) {
	for atoms := w.nearest(of); len(atoms) > 0; depth++ {
		if w.Depth > 0 && depth > w.Depth {
			w.text.WriteString(indent + "...\n")
			return
		}
		if len(atoms) > 1 {
			w.branches(atoms, indent, depth)
			return
		}
		if of = atoms[0]; !w.one(of, 1, indent+"↑ ", indent) {
			return
		}
		atoms = w.nearest(of)
	}
}

func (w *surroundings) branches(atoms []int, indent string, depth int) {
	for i, at := range atoms {
		first, rest := indent+"├─ ", indent+"│  "
		if i == len(atoms)-1 {
			first, rest = indent+"└─ ", indent+"   "
		}
		if w.one(at, len(atoms)-i, first, rest) {
			w.below(at, rest, depth+1)
		} else if w.size >= w.Most {
			return
		}
	}
}

// one shows one of the atoms that come before another, and reports whether to go on behind it.
func (w *surroundings) one(at, left int, first, rest string) bool {
	switch {
	case w.shown[at]:
		fmt.Fprintf(&w.text, "%s%s (see above)\n", first, visible(w.points[at].name))
		return false
	case w.size >= w.Most:
		fmt.Fprintf(&w.text, "%s%d more, and what is before\n", first, left)
		return false
	}
	w.atom(at, first, rest)
	return true
}

// atom shows one atom, and on lines below what went into it and what came out.
func (w *surroundings) atom(at int, first, rest string) {
	w.shown[at] = true
	w.size++
	p := &w.points[at]
	about, known := About{}, false
	if w.About != nil {
		if about, known = w.About(p.name); !known {
			about = About{}
		}
	}
	kind := ""
	if p.retry {
		kind = "retry "
	}
	marks := Options{State: func(string) state.State { return about.State }, Colour: w.Colour}
	fmt.Fprintf(&w.text, "%s%s%s%s", first, kind, visible(p.name), marks.marked(p.name))
	if about.Intention != "" && about.Intention != state.ToExecute {
		fmt.Fprintf(&w.text, " (to %s)", about.Intention)
	}
	w.text.WriteByte('\n')
	if !known || slices.Contains(w.Silent, p.name) {
		return
	}
	bar := rest + "    "
	for _, arg := range about.Args {
		fmt.Fprintf(&w.text, "%s%s = %s\n", bar, visible(arg.Name), w.value(arg.Name, arg.Value))
	}
	if about.HasResult {
		fmt.Fprintf(&w.text, "%sreturned %s\n", bar, w.result(p, about.Result))
	}
}
