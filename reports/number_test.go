package reports

import (
	"math"
	"testing"
)

func TestDuration(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0ns", 999: "999ns", 1_000: "1µs", 999_999: "999µs", millisecond: "1ms", 999 * millisecond: "999ms",
		second: "1s", 1_250 * millisecond: "1.25s", 1_500 * millisecond: "1.5s", 1_005 * millisecond: "1s",
		9_999 * millisecond: "9.99s", 10 * second: "10s", 59_900 * millisecond: "59.9s", minute: "1m",
		200 * second:      "3m20s",
		minute + 5*second: "1m05s", hour: "1h", 200 * minute: "3h20m", day: "1d", 51 * hour: "2d03h",
		-minute: "-1m",
	} {
		if got := Duration(ns); got != want {
			t.Errorf("Duration(%d) = %q, want %q", ns, got, want)
		}
	}
}

func TestQuantity(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 812: "812", 9_999: "9,999", 10_000: "10k", 12_345: "12.3k", 99_949: "99.9k", 99_950: "100k",
		368_240: "368k",
		999_949: "1,000k", 999_950: "1M", 1_234_567: "1.2M", 999_949_999: "1,000M", 999_950_000: "1G",
		3_400_000_000: "3.4G", -12_345: "-12.3k",
	} {
		if got := Quantity(n); got != want {
			t.Errorf("Quantity(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1_000: "1,000", -999: "-999", -1_000: "-1,000",
		math.MaxInt64: "9,223,372,036,854,775,807",
	} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		n, whole int64
		want     string
	}{
		{0, 10, "0.0000%"},
		{1, 3, "33.3333%"},
		{10, 10, "100.0000%"},
		{5, 0, "0%"},
		{math.MaxInt64 / 2, math.MaxInt64, "49.9999%"},
	} {
		if got := percent(c.n, c.whole); got != c.want {
			t.Errorf("percent(%d, %d) = %q, want %q", c.n, c.whole, got, c.want)
		}
	}
}
