package shrink

import (
	"fmt"
	"strings"
	"time"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/kernel"
)

// explained is the text of a record, with what its draws mean above them.
func explained(s *scenarios.Scenario, record choice.Record) string {
	if len(record) == 0 {
		return "# Every choice is the benign one.\n"
	}
	var text strings.Builder
	rates := ratesOf(s)
	last := ""
	for _, draw := range record {
		if means := meaning(rates, draw); means != last {
			fmt.Fprintf(&text, "# %s\n", means)
			last = means
		}
		text.WriteString(draw.String() + "\n")
	}
	return text.String()
}

// meaning is what a draw says.
func meaning(rates rates, d choice.Draw) string {
	name, suffix := splitStream(d.Stream)
	longer := time.Duration(d.Value)
	switch {
	case rates.has(d.Stream) && suffix == "":
		kind := strings.TrimPrefix(name, faultPrefix)
		return fmt.Sprintf("%s strikes%s the N-th time that it could (#N)", kind, on(d))
	case rates.has(d.Stream):
		return "this failpoint can fire"
	case suffix == lengthSuffix:
		return fmt.Sprintf("and the N-th strike%s (#N) goes on for %v more than the least", on(d), longer)
	case strings.HasPrefix(d.Stream, faultPrefix):
		return "of what " + strings.TrimPrefix(name, faultPrefix) + " does"
	}
	switch d.Stream {
	case kernel.Stream:
		return "of those who could go on at that instant, another one does"
	case streamNetwork:
		return fmt.Sprintf("the N-th message %s (#N) takes longer by so many nanoseconds", d.Entity)
	case streamHost:
		return "what " + d.Entity + " draws for itself"
	case streamWork, streamUndo:
		return "a task of " + d.Entity + " takes longer by so many nanoseconds"
	case streamPost:
		return "a job of " + d.Entity + " comes later by so many nanoseconds"
	case streamRestart:
		return d.Entity + " stays away longer by so many nanoseconds"
	}
	return "of " + strings.TrimSpace(d.Stream+" "+d.Entity)
}

func on(d choice.Draw) string {
	if d.Entity == "" {
		return ""
	}
	return " on " + d.Entity
}
