package scenarios

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationsRead(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "10s": 10 * time.Second, "500ms": 500 * time.Millisecond,
		"20us": 20 * time.Microsecond, "20µs": 20 * time.Microsecond, "7ns": 7,
		"1m30s": 90 * time.Second, "1.5h": 90 * time.Minute,
		"0.25ms": 250 * time.Microsecond, "1h0m0s": time.Hour,
	} {
		var got Duration
		if err := got.UnmarshalText([]byte(text)); err != nil || got.Std() != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestDurationsWritten(t *testing.T) {
	for want, given := range map[string]time.Duration{
		"0s": 0, "10s": 10 * time.Second, "1m": time.Minute, "1m30s": 90 * time.Second, "1h": time.Hour,
		"1h30m": 90 * time.Minute, "1h0m5s": time.Hour + 5*time.Second, "1.5s": 1500 * time.Millisecond,
		"20us": 20 * time.Microsecond, "720h": 720 * time.Hour, "1m0.5s": 60500 * time.Millisecond,
		"10m": 10 * time.Minute, "10h": 10 * time.Hour,
	} {
		if got := Duration(given).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDurationsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"10":                   `10 has no unit; write 10s`,
		"1.5":                  `1.5 has no unit; write 1.5s`,
		"-5s":                  `-5s is negative; write a length, such as 5s`,
		"10 s":                 `"10 s" is not a duration; write 10s`,
		"10sec":                `"10sec" is not a duration; write 10s`,
		"5 minutes":            `"5 minutes" is not a duration; write 5m`,
		"2 Hours":              `"2 Hours" is not a duration; write 2h`,
		"2d":                   `"2d" is not a duration; write 48h`,
		"1 day":                `"1 day" is not a duration; write 24h`,
		"200 msec":             `"200 msec" is not a duration; write 200ms`,
		"3 weeks":              `"3 weeks" is not a duration; ` + durationExamples,
		"1.5d":                 `"1.5d" is not a duration; ` + durationExamples,
		"soon":                 `"soon" is not a duration; ` + durationExamples,
		"":                     `"" is not a duration; ` + durationExamples,
		"-5":                   `"-5" is not a duration; ` + durationExamples,
		"1s..2s":               `"1s..2s" is not a duration; ` + durationExamples,
		"9999999999h":          `9999999999h is longer than can be counted; write 720h or less`,
		"99999999999999999999": `99999999999999999999 has no unit; write 99999999999999999999s`,
	} {
		var got Duration
		if err := got.UnmarshalText([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, %v\nwant %s", text, got, err, want)
		}
	}
}

func TestSpansRead(t *testing.T) {
	for text, want := range map[string]Span{
		"2s": {Duration(2 * time.Second), Duration(2 * time.Second)}, "0": {},
		"1s..3s":     {Duration(time.Second), Duration(3 * time.Second)},
		"0..1ms":     {0, Duration(time.Millisecond)},
		"1.5s..2.5s": {Duration(1500 * time.Millisecond), Duration(2500 * time.Millisecond)},
	} {
		var got Span
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestSpansRefused(t *testing.T) {
	for text, want := range map[string]string{
		"3s..1s":    `3s..1s runs backwards; write 1s..3s`,
		"1..3s":     `"1..3s" is not a span; write 1s..3s`,
		"1..3":      `"1..3" is not a span; ` + spanExamples,
		"1s-3s":     `"1s-3s" is not a duration; write 1s..3s`,
		"1 - 3 sec": `"1 - 3 sec" is not a duration; ` + spanExamples,
		"1s to 3s":  `"1s to 3s" is not a duration; write 1s..3s`,
		"1s...3s":   `"1s...3s" is not a span; write 1s..3s`,
		"1s .. 3s":  `"1s .. 3s" is not a span; write 1s..3s`,
		"1s..":      `"1s.." is not a span; ` + spanExamples,
		"..3s":      `"..3s" is not a span; ` + spanExamples,
		"a..b":      `"a..b" is not a span; ` + spanExamples,
		"10":        `10 has no unit; write 10s`,
		"-1s..2s":   `"-1s..2s" is not a span; ` + spanExamples,
		"1min..2min": `"1min..2min" is not a span; ` +
			`write 1m..2m`,
	} {
		var got Span
		if err := got.UnmarshalText([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, %v\nwant %s", text, got, err, want)
		}
	}
}

func TestRatesRead(t *testing.T) {
	for text, want := range map[string]Rate{
		"0%": 0, "100%": Whole, "100.0%": Whole, "10%": 100_000, "0.5%": 5_000, "0.0001%": 1,
		"33.3333%": 333_333,
	} {
		var got Rate
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestRatesRefused(t *testing.T) {
	for text, want := range map[string]string{
		"110%":        `110% is more than certain; write 100% or less`,
		"100.0001%":   `100.0001% is more than certain; write 100% or less`,
		"999999999%":  `999999999% is more than certain; write 100% or less`,
		"9999999999%": `"9999999999%" is not a rate; ` + rateExamples,
		"-5%":         `-5% is negative; ` + rateExamples,
		"10":          `10 has no percent sign; write 10%`,
		"0.1":         `0.1 has no percent sign; write 10%, or 0.1% if you mean less than one in a hundred`,
		"0.05":        `0.05 has no percent sign; write 5%, or 0.05% if you mean less than one in a hundred`,
		"1":           `1 has no percent sign; write 1% or 100%`,
		"0.00001%":    `"0.00001%" is finer than one in a million; write at most four digits after the point`,
		"10 %":        `"10 %" is not a rate; ` + rateExamples,
		"often":       `"often" is not a rate; ` + rateExamples,
		"007%":        `"007%" is not a rate; ` + rateExamples,
	} {
		var got Rate
		if err := got.UnmarshalText([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, %v\nwant %s", text, got, err, want)
		}
	}
}

// What is written is read back as the same.
func TestQuantitiesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := Duration(rapid.Int64Range(0, 1<<62).Draw(t, "low"))
		span := Span{low, low + Duration(rapid.Int64Range(0, 1<<61).Draw(t, "more"))}
		rate := Rate(rapid.Uint32Range(0, uint32(Whole)).Draw(t, "rate"))
		var lowAgain Duration
		var spanAgain Span
		var rateAgain Rate
		for _, one := range []struct {
			write func() ([]byte, error)
			read  func([]byte) error
		}{
			{low.MarshalText, lowAgain.UnmarshalText},
			{span.MarshalText, spanAgain.UnmarshalText},
			{rate.MarshalText, rateAgain.UnmarshalText},
		} {
			text, _ := one.write()
			if err := one.read(text); err != nil {
				t.Fatal(err)
			}
		}
		if lowAgain != low || spanAgain != span || rateAgain != rate {
			t.Fatalf("%v, %v, %v read back as %v, %v, %v", low, span, rate, lowAgain, spanAgain, rateAgain)
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"attempts", "max-jobs", strings.Repeat("x", 65), "lease", "idle"}
	for name, want := range map[string]string{
		"attemps": "attempts", "atempts": "attempts", "max_jobs": "max-jobs", "MaxJobs": "max-jobs",
		"leese": "lease", "lesae": "lease", "Lease": "lease", "idel": "idle",
		"x": "", "zebra": "", "": "", "forever-and-ever-and-ever": "", strings.Repeat("lease", 14): "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, one := range []struct {
		from, to string
		want     int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"abc", "abc", 0},
		{"abc", "acb", 1},
		{"abc", "ab", 1},
		{"abc", "abxc", 1},
		{"abc", "xbc", 1},
		{"kitten", "sitting", 3},
		{"healty", "healthy", 1},
		{"ca", "abc", 3},
		{"änd", "and", 1},
	} {
		if got := distance([]rune(one.from), []rune(one.to)); got != one.want {
			t.Errorf("%q to %q: got %d, want %d", one.from, one.to, got, one.want)
		}
	}
}
