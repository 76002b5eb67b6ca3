package history

import (
	"math"
	"slices"
	"strconv"
)

// The names of a shape's fields, and of an atom's in it, in the form on disk.
var (
	shapeFields = []string{"group", "jobs", "atoms"}
	atomFields  = []string{"name", "retry", "after", "under", "attempts", "revert_all", "never", "undoes"}
)

// mostAtoms is how many atoms a shape has at most. Whoever reads a history may ask of any two of them which
// comes first, so that they take room by the square.
const mostAtoms = 2000

func appendShapes(b []byte, shapes []Shape) []byte {
	if len(shapes) == 0 {
		return b
	}
	b = append(b, `,"shapes":[`...)
	for i := range shapes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"group":`...)
		b = appendText(b, shapes[i].Group)
		b = append(b, `,"jobs":`...)
		b = appendTexts(b, shapes[i].Jobs)
		b = append(b, `,"atoms":[`...)
		for k := range shapes[i].Atoms {
			if k > 0 {
				b = append(b, ',')
			}
			b = appendAtom(b, &shapes[i].Atoms[k])
		}
		b = append(b, ']', '}')
	}
	return append(b, ']')
}

func appendAtom(b []byte, a *ShapeAtom) []byte {
	b = append(b, `{"name":`...)
	b = appendText(b, a.Name)
	b = appendTruthField(b, "retry", a.Retry)
	if len(a.After) > 0 {
		b = append(b, `,"after":`...)
		b = appendTexts(b, a.After)
	}
	b = appendTextField(b, "under", a.Under)
	b = appendNumberField(b, "attempts", int64(a.Attempts))
	b = appendTruthField(b, "revert_all", a.RevertAll)
	b = appendTruthField(b, "never", a.Never)
	b = appendTruthField(b, "undoes", a.Undoes)
	return append(b, '}')
}

// appendTruthField adds a member, or nothing for false, which is how its absence reads.
func appendTruthField(b []byte, name string, value bool) []byte {
	if !value {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, `":true`...)
}

// nested reads an object in the line. It calls member for each of its fields, which are to be those listed,
// and says at what index it begins, for what is wrong with it as a whole.
func (s *scanner) nested(fields []string, member func(name string)) (begin int) {
	s.space()
	begin = s.at
	seen := uint(0)
	s.members(func(name string, nameAt int) {
		i := slices.Index(fields, name)
		switch {
		case i < 0:
			s.fail(nameAt, "unknown field "+quoted(name), oneOf(name, fields))
		case seen>>i&1 != 0:
			s.fail(nameAt, "the field "+quoted(name)+" a second time", "want it once")
		default:
			seen |= 1 << i
			member(name)
		}
	})
	return begin
}

// shapes reads the shapes of the header.
func (r *reader) shapes() {
	shaped := map[string]bool{}
	r.each("shapes", func() {
		var s Shape
		names := map[string]*ShapeAtom{}
		begin := r.nested(shapeFields, func(name string) {
			switch name {
			case "group":
				s.Group = r.str("a group's name")
			case "jobs":
				r.list(fieldJobs, func(text string, at int) {
					if shaped[text] {
						r.fail(at, quoted(text)+" has a shape already", "want each job in one shape")
					}
					shaped[text] = true
					s.Jobs = append(s.Jobs, text)
				})
			case "atoms":
				r.each("atoms", func() {
					if len(s.Atoms) == mostAtoms {
						r.fail(r.at, "a shape with too many atoms", "want at most "+strconv.Itoa(mostAtoms))
					}
					s.Atoms = append(s.Atoms, r.atom(names))
				})
			}
		})
		if len(s.Atoms) == 0 {
			r.fail(begin, "a shape without atoms", `want "atoms": at least one`)
		}
		r.history.Header.Shapes = append(r.history.Header.Shapes, s)
	})
}

// atom reads an atom of a shape. It names only atoms that stand before it: so there are no circles.
func (r *reader) atom(names map[string]*ShapeAtom) ShapeAtom {
	var a ShapeAtom
	known := func(text string, at int) {
		if names[text] == nil {
			r.fail(at, quoted(text)+" is no atom so far", "want an atom that stands before this one")
		}
	}
	named := false
	begin := r.nested(atomFields, func(name string) {
		switch name {
		case "name":
			a.Name, named = r.str("an atom's name"), true
		case "retry":
			a.Retry = r.truth()
		case "after":
			r.list("atoms", func(text string, at int) {
				known(text, at)
				a.After = append(a.After, text)
			})
		case "under":
			at := r.at
			a.Under = r.str("a retry's name")
			if retry := names[a.Under]; r.err == nil && a.Under != "" && (retry == nil || !retry.Retry) {
				r.fail(at, quoted(a.Under)+" is no retry so far", "want a retry that stands before this one")
			}
		case "attempts":
			a.Attempts = int(r.number(0, math.MaxInt32))
		case "revert_all":
			a.RevertAll = r.truth()
		case "never":
			a.Never = r.truth()
		case "undoes":
			a.Undoes = r.truth()
		}
	})
	if !named {
		r.fail(begin, "an atom without a name", `want "name"`)
	}
	if names[a.Name] != nil {
		r.fail(begin, quoted(a.Name)+" is there twice", "want each atom once")
	}
	names[a.Name] = &a
	return a
}
