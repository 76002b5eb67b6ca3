package reports

import (
	"fmt"
	"strconv"
)

const (
	microsecond = int64(1_000)
	millisecond = 1_000 * microsecond
	second      = 1_000 * millisecond
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour
)

// Duration is a length of time in two units at most: 850ns, 12ms, 1.25s, 3m20s, 3h20m, 2d3h.
func Duration(ns int64) string {
	switch {
	case ns < 0:
		return "-" + Duration(-ns)
	case ns < microsecond:
		return strconv.FormatInt(ns, 10) + "ns"
	case ns < millisecond:
		return strconv.FormatInt(ns/microsecond, 10) + "µs"
	case ns < second:
		return strconv.FormatInt(ns/millisecond, 10) + "ms"
	case ns < 10*second:
		return trimmed(ns/(10*millisecond), 100, 2) + "s"
	case ns < minute:
		return trimmed(ns/(100*millisecond), 10, 1) + "s"
	case ns < hour:
		return pair(ns/minute, "m", ns%minute/second, "s")
	case ns < day:
		return pair(ns/hour, "h", ns%hour/minute, "m")
	default:
		return pair(ns/day, "d", ns%day/hour, "h")
	}
}

func pair(high int64, highUnit string, low int64, lowUnit string) string {
	if low == 0 {
		return fmt.Sprintf("%d%s", high, highUnit)
	}
	return fmt.Sprintf("%d%s%02d%s", high, highUnit, low, lowUnit)
}

// trimmed is n/unit with so many digits behind the point, without zeros at the end.
func trimmed(n, unit int64, digits int) string {
	whole, part := n/unit, n%unit
	if part == 0 {
		return strconv.FormatInt(whole, 10)
	}
	text := fmt.Sprintf("%d.%0*d", whole, digits, part)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	return text
}

// instant is a moment of virtual time, in seconds with three digits: moments are compared with each
// other down a column, so they all have the same form.
func instant(ns int64) string {
	if ns < 0 {
		return "-" + instant(-ns)
	}
	return fmt.Sprintf("%d.%03ds", ns/second, ns%second/millisecond)
}

// Quantity is a number as people say it: 812, 9,120, 12.3k, 1.2M.
func Quantity(n int64) string {
	switch {
	case n < 0:
		return "-" + Quantity(-n)
	case n < 10_000:
		return grouped(n)
	case n < 999_950:
		return tenths(n, 1_000, "k")
	case n < 999_950_000:
		return tenths(n, 1_000_000, "M")
	default:
		return tenths(n, 1_000_000_000, "G")
	}
}

// tenths is n in units, with one digit behind the point where that says something.
func tenths(n, unit int64, name string) string {
	t := (n + unit/20) / (unit / 10)
	if t >= 1_000 || t%10 == 0 {
		return grouped((t+5)/10) + name
	}
	return fmt.Sprintf("%d.%d%s", t/10, t%10, name)
}

// grouped is n with a comma before each group of three digits.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(text) - 3; i > start; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Plural is a number with its noun: 1 run, 1,200 runs.
func Plural(n int64, noun string) string { return plural(n, noun) }

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// times is how often: once, twice, 812 times.
func times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	default:
		return grouped(n) + " times"
	}
}
