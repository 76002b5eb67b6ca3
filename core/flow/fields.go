package flow

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// field is one field of a struct as an argument, or as a part of a result.
type field struct {
	name     string
	index    []int
	tagged   bool
	optional bool
	read     reader
}

// argumentsOf is the fields of a function's argument.
func argumentsOf(t reflect.Type) ([]field, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the function takes %v, which is no struct", t)
	}
	return fieldsOf(t, nil)
}

// fieldsOf is the exported fields of a struct, those of structs that are embedded among them.
func fieldsOf(t reflect.Type, path []int) ([]field, error) {
	var all []field
	known := map[string]string{}
	for i := range t.NumField() {
		of := t.Field(i)
		index := append(append([]int{}, path...), i)
		tag, tagged := of.Tag.Lookup("flow")
		var found []field
		switch {
		case tag == "-":
			continue
		case of.Anonymous && !tagged && of.Type.Kind() == reflect.Struct:
			inner, err := fieldsOf(of.Type, index)
			if err != nil {
				return nil, err
			}
			found = inner
		case !of.IsExported() && !tagged:
			continue
		default:
			one, err := fieldOf(of, tag)
			if err != nil {
				return nil, fmt.Errorf("field %s of %v: %w", of.Name, t, err)
			}
			one.index, one.tagged = index, tagged
			found = []field{one}
		}
		for _, one := range found {
			if other, twice := known[one.name]; twice {
				return nil, fmt.Errorf("field %s of %v: %q is the name of %s already", of.Name, t, one.name, other)
			}
			known[one.name] = of.Name
			all = append(all, one)
		}
	}
	return all, nil
}

func fieldOf(of reflect.StructField, tag string) (field, error) {
	if !of.IsExported() {
		return field{}, fmt.Errorf("it has a flow tag and is not exported")
	}
	name, option, has := strings.Cut(tag, ",")
	if has && option != "optional" {
		return field{}, fmt.Errorf("its flow tag has the option %q: there is only optional", option)
	}
	if name == "" {
		name = lowered(of.Name)
	}
	read, err := readerOf(of.Type)
	return field{name: name, optional: has, read: read}, err
}

// lowered is a name with a lower first letter.
func lowered(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}

// bind sets the fields of the struct that in points at from the arguments.
func bind(in any, fields []field, args Args) error {
	if len(fields) == 0 {
		return nil
	}
	to := reflect.ValueOf(in).Elem()
	for i := range fields {
		f := &fields[i]
		value, has := args.Lookup(f.name)
		if !has {
			if f.optional {
				continue
			}
			return fmt.Errorf("there is no argument %q", f.name)
		}
		if err := f.read(f.of(to), value); err != nil {
			return fmt.Errorf("argument %q: %w", f.name, err)
		}
	}
	return nil
}

func (f *field) of(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}

// result is how what a function returns is stored and read again.
type result struct {
	provides []string
	store    func(v reflect.Value) any // nil: it is stored as it is
	read     reader
}

func resultOf(t reflect.Type) (result, error) {
	if t.Kind() == reflect.Struct && t.NumField() == 0 {
		return result{
			store: func(reflect.Value) any { return nil },
			read:  func(reflect.Value, any) error { return nil },
		}, nil
	}
	if t.Kind() == reflect.Struct && !readsItself(t) && hasTags(t) {
		return keyedResult(t)
	}
	read, err := readerOf(t)
	r := result{read: read}
	if t.PkgPath() == "" || writesItself(t) {
		return r, err
	}
	switch { // JSON would make a float of an integer whose type has a name of its own
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		r.store = func(v reflect.Value) any { return v.Int() }
	case t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64:
		r.store = func(v reflect.Value) any { return v.Uint() }
	case t.Kind() == reflect.String:
		r.store = func(v reflect.Value) any { return v.String() }
	}
	return r, err
}

func hasTags(t reflect.Type) bool {
	for i := range t.NumField() {
		of := t.Field(i)
		if tag, tagged := of.Tag.Lookup("flow"); tagged && tag != "-" ||
			!tagged && of.Anonymous && of.Type.Kind() == reflect.Struct && hasTags(of.Type) {
			return true
		}
	}
	return false
}

// keyedResult is a struct whose tagged fields others can ask for. It is stored as a map, so that the
// names in the tags are those in the store; all of its fields are there, for Revert.
func keyedResult(t reflect.Type) (result, error) {
	fields, err := fieldsOf(t, nil)
	var r result
	for i := range fields {
		f := &fields[i]
		switch {
		case f.optional:
			err = fmt.Errorf("%q of %v: a result has nothing optional", f.name, t)
		case isBytes(t.FieldByIndex(f.index).Type):
			err = fmt.Errorf("%q of %v: bytes cannot be a part of a result, which is kept as JSON", f.name, t)
		case f.tagged:
			r.provides = append(r.provides, f.name)
		}
	}
	r.store = func(v reflect.Value) any {
		values := make(map[string]any, len(fields))
		for i := range fields {
			values[fields[i].name] = fields[i].of(v).Interface()
		}
		return values
	}
	r.read = func(to reflect.Value, value any) error {
		values, is := value.(map[string]any)
		if !is {
			return wrongType(value, t)
		}
		for i := range fields {
			if err := fields[i].read(fields[i].of(to), values[fields[i].name]); err != nil {
				return fmt.Errorf("%q: %w", fields[i].name, err)
			}
		}
		return nil
	}
	return r, err
}
