package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// planFile is what messages about a fault plan name in the place of a file.
const planFile = "faults"

// FormatFaults writes a fault plan in its text form, on one line:
//
//	storage.slow rate=10% for=1s..2s on=claim,save; node.crash at=10s every=5s nodes=conductor-1
//
// A semicolon stands between faults; each is its kind, and then the keys of a scenario file, in their
// order. What would be so without being said is left out. [ParseFaults] reads the same faults from it.
func FormatFaults(faults []Fault) string {
	var text strings.Builder
	for n := range faults {
		if n > 0 {
			text.WriteString("; ")
		}
		formatFault(&text, faults[n])
	}
	return text.String()
}

func formatFault(text *strings.Builder, fault Fault) {
	kind, _ := FindKind(fault.Kind)
	plain := Fault{Kind: fault.Kind}
	plain.Fill()
	fault.Fill()
	text.WriteString(planWord(fault.Kind))
	value, left := reflect.ValueOf(&fault).Elem(), reflect.ValueOf(&plain).Elem()
	for _, f := range fieldsOf(value.Type()) {
		one := value.Field(f.index)
		same := reflect.DeepEqual(one.Interface(), left.Field(f.index).Interface())
		if same && (f.key == "kind" || !slices.Contains(kind.Needs, f.key)) {
			continue
		}
		text.WriteString(" " + f.key + "=")
		if one.Kind() != reflect.Slice {
			text.WriteString(planWord(fmt.Sprint(one.Interface())))
			continue
		}
		words := make([]string, one.Len())
		for n := range words {
			words[n] = planWord(fmt.Sprint(one.Index(n).Interface()))
		}
		text.WriteString(strings.Join(words, ","))
	}
}

// planWord is a word as a plan has it: in quotes where it could be taken for something else.
func planWord(word string) string {
	for _, r := range word {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./:%+*@#", r) {
			return strconv.Quote(word)
		}
	}
	if word == "" {
		return `""`
	}
	return word
}

// ParseFaults reads a fault plan as [FormatFaults] writes it, with what it leaves out set to its default.
// Each fault is held against what its kind takes; whether the plan fits a scenario, [Scenario.WithFaults]
// says. Without any text there are no faults.
//
// The error is of type [Errors], and speaks of lines and columns of the text.
func ParseFaults(text string, opts ParseOptions) ([]Fault, error) {
	return readPlan(text, nil, opts)
}

// WithFaults is the same scenario with these faults and no others: without a swarm, without expecting
// that runs meet what they cannot meet any more, and without a promise that could not be told to be kept.
// The faults are checked as those of a file are; an error is of type [Errors] and speaks of columns of the
// plan's text form.
func (s *Scenario) WithFaults(faults []Fault) (*Scenario, error) {
	return s.WithPlan(FormatFaults(faults), ParseOptions{})
}

// WithPlan is [Scenario.WithFaults] of a plan in its text form, as [ParseFaults] takes it: for plans that
// somebody wrote, of whose columns the error is to speak.
func (s *Scenario) WithPlan(text string, opts ParseOptions) (*Scenario, error) {
	faults, err := readPlan(text, s, opts)
	if err != nil {
		return nil, err
	}
	changed := *s
	changed.Faults, changed.Swarm = faults, nil
	changed.Expect.Reached = stillReached(s, faults)
	if len(faults) > 0 && s.Rest == 0 {
		changed.Promise = Promise{} // nobody could tell when no fault is at work
	}
	return &changed, nil
}

// stillReached is what the scenario expects to be met, without what only its own faults could meet.
func stillReached(s *Scenario, faults []Fault) []string {
	var still []string
	for _, name := range s.Expect.Reached {
		_, kind := FindKind(name)
		mark := !kind && !reaches(s.Faults, name) && !s.canFire(name)
		if mark || reaches(faults, name) {
			still = append(still, name)
		}
	}
	return still
}

// reaches says that strikes of one of the faults count under the name.
func reaches(faults []Fault, name string) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool {
		return slices.Contains(f.Reached(), name) || f.Point == PointAny && isPoint(name)
	})
}

// canFire says that the scenario's swarm may have a fault at the point of that name.
func (s *Scenario) canFire(name string) bool {
	atPoint := func(k Kind) bool { return k.Name == KindCodeFailpoint }
	return isPoint(name) && slices.ContainsFunc(s.SwarmKinds(), atPoint)
}

// isPoint tells points, which are named package/place, from marks.
func isPoint(name string) bool { return strings.Contains(name, "/") }
