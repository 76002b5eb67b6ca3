package history

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// TestHostileInput reads what is made to hurt: it is refused, in a line of moderate length, with memory by the
// length of the file and no more.
func TestHostileInput(t *testing.T) {
	const long = 1 << 20
	for name, text := range map[string]string{
		"a deep nest":               `{"version":` + strings.Repeat("[", long),
		"a nest of objects":         strings.Repeat(`{"shapes":[`, long/10),
		"a huge number":             `{"version":` + strings.Repeat("9", long) + `}`,
		"a huge exponent":           `{"version":1e` + strings.Repeat("9", long) + `}`,
		"a long name of a field":    `{"` + strings.Repeat("version", long/7) + `":1}`,
		"a long word":               head + `{"seq":1,"at_ns":0,"type":"` + strings.Repeat("\u4e00", long/6) + `"}`,
		"a long line without end":   head + `{"reason":"` + strings.Repeat("x", long),
		"a job of no known name":    head + `{"job":"` + strings.Repeat("é", long/2) + `"}`,
		"a job twice":               `{"version":1,"jobs":["` + strings.Repeat("j", long) + `","` + strings.Repeat("j", long) + `"]}`,
		"many commas":               `{"version":1,"jobs":["a"` + strings.Repeat(",", long) + `]}`,
		"many lines without a JSON": head + strings.Repeat("\n", long),
		"many escapes":              head + `{"reason":"` + strings.Repeat(`\ud83d`, long/6) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			h, err := Read(strings.NewReader(text), "f")
			runtime.ReadMemStats(&after)
			var syntax *SyntaxError
			if h != nil || !errors.As(err, &syntax) {
				t.Fatalf("it is taken, or refused with %v", err)
			}
			if n := len(err.Error()); n > 600 || strings.Contains(err.Error(), "\n") {
				t.Errorf("the message has %d bytes: %.200s", n, err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 16*long {
				t.Errorf("%d bytes were allocated for %d", used, len(text))
			}
		})
	}
}
