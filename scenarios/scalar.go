package scenarios

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

var wholeForm = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)$`)

// scalar reads a single value and holds it against its field's limit and names.
func (d *decoder) scalar(node ast.Node, into reflect.Value, f field, path string) {
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	text := scalarText(node)
	var wrong *flaw
	switch {
	case !isScalar(node):
		problem := f.key + " must be a single value, not " + described(node)
		wrong = &flaw{problem, "write " + exampleOf(into, f)}
	case isText(into):
		wrong = setText(into, text, f)
	case into.Kind() == reflect.String:
		wrong = setString(into, node, text, f)
	case into.Kind() == reflect.Bool:
		wrong = setBool(into, node, text, f)
	default:
		wrong = setWhole(into, node, text, f)
	}
	if wrong != nil {
		d.bad[path] = true
		d.add(nodeSpot(node), wrong.problem, wrong.want)
	}
}

func isScalar(node ast.Node) bool {
	_, scalar := node.(ast.ScalarNode)
	return scalar
}

// setText reads what reads itself: a Duration, a Span, a Rate.
func setText(into reflect.Value, text string, f field) *flaw {
	err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	if err != nil {
		wrong, _ := err.(*flaw)
		return wrong
	}
	lowest, highest, _ := strings.Cut(f.limit, "..")
	within := true
	switch value := into.Addr().Interface().(type) {
	case *Duration:
		within = tagged(readDuration, lowest) <= *value && *value <= tagged(readDuration, highest)
	case *Span:
		within = tagged(readDuration, lowest) <= value.Low && value.High <= tagged(readDuration, highest)
	case *Rate:
		within = tagged(readRate, lowest) <= *value && *value <= tagged(readRate, highest)
	}
	if !within {
		return beyond(f, text)
	}
	return nil
}

// tagged reads a value out of a field's tag. A wrong one is a mistake in scenario.go, which every
// test would find.
func tagged[T any](read func(string) (T, *flaw), text string) T {
	value, wrong := read(text)
	if wrong != nil {
		panic("a tag in scenario.go: " + wrong.Error())
	}
	return value
}

func readWhole(text string) (int64, *flaw) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, &flaw{quoted(text) + " is not a whole number", "write digits"}
	}
	return number, nil
}

func setString(into reflect.Value, node ast.Node, text string, f field) *flaw {
	_, plain := node.(*ast.StringNode)
	_, block := node.(*ast.LiteralNode)
	if !plain && !block {
		return &flaw{f.key + " must be text, not " + described(node), "put it in quotes: " + quoted(text)}
	}
	if at := strings.IndexFunc(text, isControl); at >= 0 {
		return &flaw{fmt.Sprintf("a control character (%U)", []rune(text[at:])[0]), "take it out"}
	}
	if f.names != "" {
		if names := Names(f.names); !slices.Contains(names, text) {
			return unknown(f.names, text, names)
		}
	}
	into.SetString(text)
	return nil
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\ufeff' }

func setBool(into reflect.Value, node ast.Node, text string, f field) *flaw {
	if node.Type() != ast.BoolType {
		problem := f.key + " must be true or false, not " + quoted(text)
		return &flaw{problem, "write " + f.key + ": true, or leave it out"}
	}
	into.SetBool(strings.EqualFold(text, "true"))
	return nil
}

// setWhole reads a whole number as 64 bits wide on every machine.
func setWhole(into reflect.Value, node ast.Node, text string, f field) *flaw {
	inQuotes := node.GetToken().Type == token.SingleQuoteType || node.GetToken().Type == token.DoubleQuoteType
	if inQuotes || !wholeForm.MatchString(text) {
		return &flaw{f.key + " must be a whole number, not " + quoted(text), "write " + exampleOf(into, f)}
	}
	lowest, highest, _ := strings.Cut(f.limit, "..")
	number, wrong := readWhole(text)
	if wrong != nil || number < tagged(readWhole, lowest) || number > tagged(readWhole, highest) {
		return beyond(f, text)
	}
	into.SetInt(number)
	return nil
}

func beyond(f field, text string) *flaw {
	return &flaw{f.key + " cannot be " + text, "write " + strings.Replace(f.limit, "..", " to ", 1)}
}

// exampleOf is a value that the field can have.
func exampleOf(into reflect.Value, f field) string {
	lowest, highest, _ := strings.Cut(f.limit, "..")
	switch {
	case f.names != "":
		return oneOf(Names(f.names))
	case f.need != "" && into.Kind() == reflect.String:
		return "a name such as " + f.need
	case lowest != "" && into.Kind() == reflect.Int:
		return "a number from " + lowest + " to " + highest
	case into.Type() == reflect.TypeFor[Span]():
		return strings.TrimPrefix(spanExamples, "write ")
	case into.Type() == reflect.TypeFor[Rate]():
		return strings.TrimPrefix(rateExamples, "write ")
	case isText(into):
		return strings.TrimPrefix(durationExamples, "write ")
	case into.Kind() == reflect.Bool:
		return "true or false"
	}
	return "text"
}
