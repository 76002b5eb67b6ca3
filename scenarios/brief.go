package scenarios

import "reflect"

// Brief writes the scenario like [Scenario.Marshal], but without what would be so if it were left out: for
// people, who should see what is special about it. Of another derail, with other defaults, the file may be
// another experiment.
func (s *Scenario) Brief() []byte {
	bare := Scenario{Choices: s.Choices}
	bare.Fill()
	bare.Choices = ""
	var out printer
	out.block(grow(reflect.ValueOf(s).Elem(), nil, reflect.ValueOf(&bare).Elem()), "")
	return out.Bytes()
}

// isBare says that a value is as it would be if it were left out.
func isBare(value, bare reflect.Value) bool {
	return bare.IsValid() && reflect.DeepEqual(value.Interface(), bare.Interface())
}

// bareField is what a key is when it is left out; without anything to hold it against, nothing.
func bareField(bare reflect.Value, index int) reflect.Value {
	if !bare.IsValid() {
		return bare
	}
	field := bare.Field(index)
	if field.Kind() == reflect.Pointer && isKeys(field) { // nothing, if it is left out, and if not, then this
		made := reflect.New(field.Type().Elem()).Elem()
		setDefaults(made)
		return made
	}
	return field
}

// bareMember is a member of a list of which no more is said than must be.
func bareMember(member, bare reflect.Value) reflect.Value {
	if !bare.IsValid() || member.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	made := reflect.New(member.Type()).Elem()
	setDefaults(made)
	switch one := made.Addr().Interface().(type) {
	case *Fault:
		one.Kind = member.Interface().(Fault).Kind
		one.Fill()
	case *Item:
		if member.Interface().(Item).Flow != "" {
			one.Pattern = PatternLinear
		}
	}
	return made
}
