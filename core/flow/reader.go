package flow

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
)

// reader sets a variable to a value that has been stored and read again. What does not fit is an error.
type reader func(to reflect.Value, value any) error

// readerOf chooses, once for a type, how its variables are set.
func readerOf(t reflect.Type) (reader, error) {
	if err := storable(t, map[reflect.Type]bool{}); err != nil {
		return nil, err
	}
	switch {
	case readsItself(t):
		return readJSON, nil
	case isBytes(t):
		return readBytes, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return readBool, nil
	case reflect.String:
		return readText, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return readInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return readUint, nil
	case reflect.Float32, reflect.Float64:
		return readFloat, nil
	case reflect.Interface:
		return readAny, nil
	case reflect.Pointer:
		return readPointer(t)
	default:
		return readJSON, nil
	}
}

// storable refuses what cannot be stored and read again.
func storable(t reflect.Type, seen map[reflect.Type]bool) error {
	if seen[t] || readsItself(t) {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128,
		reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("a %v cannot be stored", t)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("a %v cannot be read from the store: it could be anything", t)
		}
	case reflect.Map:
		if k := t.Key(); k.Kind() != reflect.String && !k.Implements(textMarshaler) && !isInteger(k) {
			return fmt.Errorf("a %v cannot be stored: its keys are no texts", t)
		}
		return storable(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return storable(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			of := t.Field(i)
			if !of.IsExported() && !of.Anonymous || of.Tag.Get("json") == "-" {
				continue
			}
			if err := storable(of.Type, seen); err != nil {
				return fmt.Errorf("%s: %w", of.Name, err)
			}
		}
	}
	return nil
}

var (
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

func readsItself(t reflect.Type) bool {
	if t.Kind() == reflect.Interface {
		return false
	}
	p := reflect.PointerTo(t)
	return p.Implements(jsonUnmarshaler) || p.Implements(textUnmarshaler)
}

func writesItself(t reflect.Type) bool {
	return t.Implements(jsonMarshaler) || t.Implements(textMarshaler)
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func isInteger(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
}

func wrongType(value any, want reflect.Type) error {
	return fmt.Errorf("a %T where %v is wanted", value, want)
}

func readBool(to reflect.Value, value any) error {
	b, is := value.(bool)
	if !is {
		return wrongType(value, to.Type())
	}
	to.SetBool(b)
	return nil
}

func readText(to reflect.Value, value any) error {
	text, is := value.(string)
	if !is {
		return wrongType(value, to.Type())
	}
	to.SetString(text)
	return nil
}

func readBytes(to reflect.Value, value any) error {
	switch v := value.(type) {
	case []byte:
		to.SetBytes(v)
	case nil:
		to.SetZero()
	default:
		return wrongType(value, to.Type())
	}
	return nil
}

// exactFloat is where the float64s begin that are no longer every integer.
const exactFloat = 1 << 53

// whole is the integer that a value is. Numbers that went through JSON are floats; those that may have
// been rounded on the way are refused.
func whole(value any, want reflect.Type) (int64, error) {
	if n, is := value.(int64); is {
		return n, nil
	}
	if f, is := value.(float64); is {
		if f != math.Trunc(f) {
			return 0, fmt.Errorf("%v where %v is wanted", f, want)
		}
		if f > exactFloat || f < -exactFloat {
			return 0, fmt.Errorf("%v, which JSON may have rounded, where %v is wanted", f, want)
		}
		return int64(f), nil
	}
	n, is, fits := integer(value)
	if !is {
		return 0, wrongType(value, want)
	}
	if !fits {
		return 0, fmt.Errorf("%v does not fit into an int64", value)
	}
	return n, nil
}

func readInt(to reflect.Value, value any) error {
	n, err := whole(value, to.Type())
	if err != nil {
		return err
	}
	if to.OverflowInt(n) {
		return fmt.Errorf("%d does not fit into %v", n, to.Type())
	}
	to.SetInt(n)
	return nil
}

func readUint(to reflect.Value, value any) error {
	n, err := whole(value, to.Type())
	if err != nil {
		return err
	}
	if n < 0 || to.OverflowUint(uint64(n)) {
		return fmt.Errorf("%d does not fit into %v", n, to.Type())
	}
	to.SetUint(uint64(n))
	return nil
}

func readFloat(to reflect.Value, value any) error {
	f, is := value.(float64)
	if !is {
		n, err := whole(value, to.Type())
		if err != nil {
			return err
		}
		if n > exactFloat || n < -exactFloat {
			return fmt.Errorf("%d does not fit into %v", n, to.Type())
		}
		f = float64(n)
	}
	if to.OverflowFloat(f) {
		return fmt.Errorf("%v does not fit into %v", f, to.Type())
	}
	to.SetFloat(f)
	return nil
}

func readAny(to reflect.Value, value any) error {
	if value == nil {
		to.SetZero()
	} else {
		to.Set(reflect.ValueOf(value))
	}
	return nil
}

func readPointer(t reflect.Type) (reader, error) {
	read, err := readerOf(t.Elem())
	return func(to reflect.Value, value any) error {
		if value == nil {
			to.SetZero()
			return nil
		}
		fresh := reflect.New(t.Elem())
		if err := read(fresh.Elem(), value); err != nil {
			return err
		}
		to.Set(fresh)
		return nil
	}, err
}

// readJSON sets what is made of other things. The value is what json.Unmarshal made of it when its type
// was not known, and so goes through JSON once more, unless it has never been stored.
func readJSON(to reflect.Value, value any) error {
	t := to.Type()
	switch {
	case value == nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map):
		to.SetZero()
		return nil
	case value == nil:
		return wrongType(value, t)
	case reflect.TypeOf(value) == t:
		to.Set(reflect.ValueOf(value))
		return nil
	}
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, to.Addr().Interface())
	}
	if err != nil {
		return fmt.Errorf("%w: %w", wrongType(value, t), err)
	}
	return nil
}
