package scenarios

import (
	"encoding"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// ParseOptions are the names that a scenario can use but this package does not know.
type ParseOptions struct {
	// Points are the failpoints in the code. nil: any name is taken.
	Points []string
	// Marks are what a run can reach besides faults. nil: any name is taken.
	Marks []string
}

// Parse reads a scenario, with what the file leaves out set to its default. The file's name is for
// messages only.
//
// The error is of type [Errors] and holds everything that is wrong, in the order of the file.
func Parse(file string, source []byte, opts ParseOptions) (*Scenario, error) {
	doc, wrong := read(file, source)
	if len(wrong) > 0 {
		return nil, wrong.orNil()
	}
	scenario, decoded := decode(doc)
	inspect(scenario, decoded, opts)
	if err := decoded.problems.orNil(); err != nil {
		return nil, err
	}
	return scenario, nil
}

// Fill sets whatever is zero and has a default to that default, as [Parse] does with what a file
// leaves out. It is for scenarios that are made in Go.
func (s *Scenario) Fill() {
	setDefaults(reflect.ValueOf(s).Elem())
	s.fillDependent()
}

// setDefaults sets the fields that are zero to the defaults in their tags.
func setDefaults(into reflect.Value) {
	for _, f := range fieldsOf(into.Type()) {
		value := into.Field(f.index)
		switch {
		case f.def != "" && value.IsZero():
			setDefault(value, f.def)
		case value.Kind() == reflect.Struct && !isText(value):
			setDefaults(value)
		case value.Kind() == reflect.Pointer && isKeys(value):
			if !value.IsNil() {
				setDefaults(value.Elem())
			}
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct:
			for i := range value.Len() {
				setDefaults(value.Index(i))
			}
		}
	}
}

func setDefault(value reflect.Value, text string) {
	if reader, is := value.Addr().Interface().(encoding.TextUnmarshaler); is {
		if err := reader.UnmarshalText([]byte(text)); err != nil {
			panic("a tag in scenario.go: " + err.Error())
		}
		return
	}
	if value.Kind() == reflect.String {
		value.SetString(text)
		return
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("a tag in scenario.go: " + err.Error())
	}
	value.SetInt(number)
}

// fillDependent sets the defaults that hang on what else is given.
func (s *Scenario) fillDependent() {
	if s.Choices != "" {
		s.Seeds = 1
	}
	if backoff := &s.Policy.Backoff; backoff.First > 0 {
		if backoff.Factor == 0 {
			backoff.Factor = 2
		}
		if backoff.Max == 0 {
			backoff.Max = max(backoff.First, Duration(time.Minute))
		}
	}
	for i := range s.Jobs {
		if group := &s.Jobs[i]; group.Flow != nil {
			group.Pattern, group.Tasks = "", CountTasks(group.Flow.Items)
			fillFlow(group.Flow.Items, group.Flow.Links)
		}
	}
	if s.Observe != nil && s.Observe.Readers > 0 && s.Observe.Reads == (Span{}) {
		s.Observe.Reads = Span{Low: Duration(200 * time.Millisecond), High: Duration(time.Second)}
	}
	if s.Network.Tail != (Span{}) && s.Network.TailRate == 0 {
		s.Network.TailRate = Whole / 100
	}
	for i := range s.Faults {
		s.Faults[i].Fill()
	}
}

// Fill sets what is left out and has a default that hangs on the kind.
func (f *Fault) Fill() {
	kind, _ := FindKind(f.Kind)
	if kind.RateOptional() && f.Rate == 0 {
		f.Rate = Whole
	}
	if len(kind.As) > 0 && f.As == "" {
		f.As = kind.As[0]
	}
	for _, one := range []struct {
		key, first string
		value      *string
	}{{"way", WayBoth, &f.Way}, {"hits", HitsOne, &f.Hits}, {"answer", AnswerRefuse, &f.Answer}} {
		if *one.value == "" && slices.Contains(kind.Takes, one.key) {
			*one.value = one.first
		}
	}
}
