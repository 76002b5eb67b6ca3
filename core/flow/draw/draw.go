// Package draw shows flows to people: as text for a terminal, as DOT for Graphviz, as Mermaid for a web
// page, with the states of a run on them if wanted; and what came before an atom that failed.
//
// The same flow gives the same text, byte for byte. Names are anybody's: whatever they hold, they end up
// as visible characters on one line, and never as markup or as orders to a terminal. What may not live
// here: anything that runs a flow or knows where its states are kept.
package draw

import (
	"strconv"
	"strings"
	"unicode"

	"derail/core/flow"
	"derail/core/state"
)

// Options is what is drawn beside the flow itself. The zero Options draws nothing else.
type Options struct {
	// State is the state of an atom by its name, or empty; nil: there are no states.
	State func(atom string) state.State
	// Colour colours states: by escape sequences in text, by fill colours elsewhere.
	Colour bool
}

func (o Options) state(atom string) state.State {
	if o.State == nil {
		return ""
	}
	return o.State(atom)
}

// hue is the colours of a state: that of a terminal, and a fill colour that black text can be read on.
type hue struct{ terminal, fill string }

func hueOf(s state.State) (hue, bool) {
	switch s {
	case state.Success:
		return hue{"32", "#c8e6c9"}, true
	case state.Failure, state.RevertFailure:
		return hue{"31", "#ffcdd2"}, true
	case state.Running, state.Retrying:
		return hue{"36", "#b3e5fc"}, true
	case state.Reverting, state.Reverted:
		return hue{"33", "#ffe0b2"}, true
	case state.Ignore:
		return hue{"90", "#e0e0e0"}, true
	default:
		return hue{}, false
	}
}

// visible is a name as it is shown: as it is, or quoted if it could be taken for something else.
func visible(name string) string {
	odd := func(r rune) bool {
		return !unicode.IsPrint(r) || r == '"' || r == '\\' || r == unicode.ReplacementChar
	}
	if name == "" || strings.TrimSpace(name) != name || strings.ContainsFunc(name, odd) {
		return strconv.Quote(name)
	}
	return name
}

// because is why a link is there, or empty.
func because(l flow.Link) string {
	var why []string
	for _, value := range l.Values {
		why = append(why, visible(value))
	}
	if l.Manual && l.Decider == nil {
		why = append(why, "by hand")
	}
	if l.Decider != nil {
		why = append(why, "decides: "+l.Depth.String())
	}
	return strings.Join(why, ", ")
}
