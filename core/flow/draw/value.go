package draw

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"derail/core/flow"
)

const hidden = "***"

// value is a named value as text, unless the name is one of those that are hidden.
func (w *surroundings) value(name string, value any) string {
	if slices.Contains(w.Hide, name) {
		return hidden
	}
	return shown(w.masked(value))
}

// result is an atom's result as text. The atom may provide it, or an element of it, under a hidden name.
func (w *surroundings) result(of *point, value any) string {
	masked := w.masked(value)
	if list, is := masked.([]any); is {
		for i, name := range of.items {
			if i < len(list) && slices.Contains(w.Hide, name) {
				list[i] = hidden
			}
		}
	}
	return w.value(of.provides, masked)
}

// masked is a copy of a value in its stored form, without what is hidden.
func (w *surroundings) masked(value any) any {
	switch v := value.(type) {
	case nil, bool, string, int64, float64:
		return v
	case []byte:
		return unprintable(strconv.Itoa(len(v)) + " bytes")
	case map[string]any:
		masked := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if slices.Contains(w.Hide, key) {
				masked[key] = hidden
			} else {
				masked[key] = w.masked(v[key])
			}
		}
		return masked
	case []any:
		masked := make([]any, len(v))
		for i, inner := range v {
			masked[i] = w.masked(inner)
		}
		return masked
	case unprintable:
		return v
	}
	stored, err := flow.Encode(value)
	if err == nil {
		value, err = flow.Decode(stored)
	}
	if err != nil {
		return unprintable(fmt.Sprintf("a %T", value))
	}
	return w.masked(value)
}

// unprintable stands for a value that cannot be shown.
type unprintable string

// shown is a value on one line, cut where it is long.
func shown(value any) string {
	var text string
	if u, is := value.(unprintable); is {
		text = string(u)
	} else {
		var b strings.Builder
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(value) // masked values are what JSON is made of
		text = strings.TrimSuffix(b.String(), "\n")
	}
	const most = 200
	var b strings.Builder
	for i, r := range text {
		if i >= most {
			fmt.Fprintf(&b, "... (%d bytes)", len(text))
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
