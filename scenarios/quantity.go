package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// flaw is what is wrong with one value, and what would be right, before anybody knows where in the
// file it stands.
type flaw struct{ problem, want string }

func (f *flaw) Error() string { return f.problem + "; " + f.want }

const (
	durationExamples = "write a number with a unit, such as 500ms, 10s or 1m30s"
	spanExamples     = "write one duration, or LOW..HIGH such as 1s..3s"
	rateExamples     = "write a chance in percent, such as 10% or 0.5%"
)

var (
	durationForm = regexp.MustCompile(`^(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+$`)
	numberForm   = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)?$`)
	sloppyForm   = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµ]+)\.?$`)
	sloppySpan   = regexp.MustCompile(`^(\S+?)\s*(?:\.\.+|-|–|…|\bto\b)\s*(\S+)$`)
	rateForm     = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(?:\.([0-9]+))?%$`)
)

// unitSpellings are the ways in which people write units that Go does not read.
var unitSpellings = map[string]string{
	"nanosecond": "ns", "microsecond": "us", "usec": "us", "millisecond": "ms", "msec": "ms", "milli": "ms",
	"sec": "s", "second": "s", "min": "m", "minute": "m", "hour": "h", "hr": "h",
	"ns": "ns", "us": "us", "µs": "us", "ms": "ms", "s": "s", "m": "m", "h": "h",
}

// Std is the duration as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the duration as Go writes it, without parts that are zero: 1m, not 1m0s.
func (d Duration) String() string {
	text := strings.ReplaceAll(time.Duration(d).String(), "µs", "us")
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText writes the duration as [Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration as scenarios write it.
func (d *Duration) UnmarshalText(text []byte) error {
	read, wrong := readDuration(string(text))
	if wrong != nil {
		return wrong
	}
	*d = read
	return nil
}

func readDuration(text string) (Duration, *flaw) {
	if text == "0" {
		return 0, nil
	}
	if durationForm.MatchString(text) {
		read, err := time.ParseDuration(text)
		if err != nil {
			return 0, &flaw{text + " is longer than can be counted", "write 720h or less"}
		}
		return Duration(read), nil
	}
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		if _, wrong := readDuration(rest); wrong == nil {
			return 0, &flaw{text + " is negative", "write a length, such as " + rest}
		}
	}
	if numberForm.MatchString(text) {
		return 0, &flaw{text + " has no unit", "write " + text + "s"}
	}
	if likely := likelyDuration(text); likely != "" {
		return 0, &flaw{quoted(text) + " is not a duration", "write " + likely}
	}
	return 0, &flaw{quoted(text) + " is not a duration", durationExamples}
}

// likelyDuration guesses what somebody meant who wrote a unit in full, or a space before it.
func likelyDuration(text string) string {
	parts := sloppyForm.FindStringSubmatch(text)
	if parts == nil {
		return ""
	}
	word := strings.ToLower(parts[2])
	if days, err := strconv.Atoi(parts[1]); err == nil && (word == "d" || word == "day" || word == "days") {
		return strconv.Itoa(days*24) + "h"
	}
	unit := unitSpellings[word]
	if unit == "" {
		unit = unitSpellings[strings.TrimSuffix(word, "s")]
	}
	if unit == "" {
		return ""
	}
	return parts[1] + unit
}

// String is the span as scenarios write it: one duration when both ends are the same.
func (s Span) String() string {
	if s.Low == s.High {
		return s.Low.String()
	}
	return s.Low.String() + ".." + s.High.String()
}

// MarshalText writes the span as [Span.String] does.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a span as scenarios write it.
func (s *Span) UnmarshalText(text []byte) error {
	read, wrong := readSpan(string(text))
	if wrong != nil {
		return wrong
	}
	*s = read
	return nil
}

func readSpan(text string) (Span, *flaw) {
	lowText, highText, two := strings.Cut(text, "..")
	if !two {
		low, wrong := readDuration(text)
		if wrong != nil && wrong.want == durationExamples {
			wrong = &flaw{quoted(text) + " is not a duration", spanExamples}
			if likely := likelySpan(text); likely != "" {
				wrong.want = "write " + likely
			}
		}
		return Span{low, low}, wrong
	}
	low, wrongLow := readDuration(lowText)
	high, wrongHigh := readDuration(highText)
	switch {
	case wrongLow != nil || wrongHigh != nil:
		if likely := likelySpan(text); likely != "" {
			return Span{}, &flaw{quoted(text) + " is not a span", "write " + likely}
		}
		return Span{}, &flaw{quoted(text) + " is not a span", spanExamples}
	case low > high:
		turned := Span{high, low}
		return Span{}, &flaw{text + " runs backwards", "write " + turned.String()}
	}
	return Span{low, high}, nil
}

// likelySpan guesses what somebody meant who left a unit out (1..3s) or wrote 1s-3s.
func likelySpan(text string) string {
	parts := sloppySpan.FindStringSubmatch(text)
	if parts == nil {
		return ""
	}
	low, high := parts[1], parts[2]
	if numberForm.MatchString(low) {
		low += strings.TrimLeft(high, "0123456789.")
	}
	for _, end := range []*string{&low, &high} {
		if likely := likelyDuration(*end); likely != "" {
			*end = likely
		}
		if _, wrong := readDuration(*end); wrong != nil {
			return ""
		}
	}
	return low + ".." + high
}

// String is the rate in percent.
func (r Rate) String() string {
	whole, rest := uint32(r)/10_000, uint32(r)%10_000
	if rest == 0 {
		return fmt.Sprintf("%d%%", whole)
	}
	return fmt.Sprintf("%d.%s%%", whole, strings.TrimRight(fmt.Sprintf("%04d", rest), "0"))
}

// MarshalText writes the rate as [Rate.String] does.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a rate as scenarios write it.
func (r *Rate) UnmarshalText(text []byte) error {
	read, wrong := readRate(string(text))
	if wrong != nil {
		return wrong
	}
	*r = read
	return nil
}

// readRate counts in whole millionths from the digits: a float would round differently from what the
// file says.
func readRate(text string) (Rate, *flaw) {
	parts := rateForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, notARate(text)
	}
	fraction := parts[2]
	if len(fraction) > 4 {
		problem := quoted(text) + " is finer than one in a million"
		return 0, &flaw{problem, "write at most four digits after the point"}
	}
	digits := parts[1] + fraction + strings.Repeat("0", 4-len(fraction))
	millionths, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || millionths > uint64(Whole) {
		return 0, &flaw{text + " is more than certain", "write 100% or less"}
	}
	return Rate(millionths), nil
}

func notARate(text string) *flaw {
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		if _, wrong := readRate(rest); wrong == nil {
			return &flaw{text + " is negative", rateExamples}
		}
	}
	if !numberForm.MatchString(text) {
		return &flaw{quoted(text) + " is not a rate", rateExamples}
	}
	want := "write " + text + "%"
	if hundredth, wrong := readRate(text + "%"); wrong == nil && hundredth <= Whole/100 {
		want = fmt.Sprintf("write %s, or %s if you mean less than one in a hundred", hundredth*100, hundredth)
		if hundredth == Whole/100 {
			want = "write 1% or 100%"
		}
	}
	return &flaw{text + " has no percent sign", want}
}

// quoted is a piece of the file as messages show it: in quotes, on one line, not too long.
func quoted(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return strconv.Quote(text)
}
