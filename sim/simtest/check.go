package simtest

import (
	"encoding/binary"
	"flag"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"derail/sim/choice"
)

// TB is a test as rapid knows it. *testing.T is one, and so is what [Print] returns.
type TB = rapid.TB

// Check draws cases and runs them, as many as -rapid.checks says (100). It fails t when one breaks a promise,
// with the smallest such case that rapid finds. All flags of rapid have their usual meaning: -rapid.seed
// draws the same cases, -rapid.failfile runs the one in a file that a failure has left, and such files are
// tried first as long as they are under testdata.
func Check(t TB, c Config) {
	t.Helper()
	search := &trial{config: c, until: deadlineOf(t)}
	r := &reporter{TB: t, search: search}
	rapid.Check(r, search.property)
	text := "every promise was kept in " + plural(search.cases, "case")
	if search.cut {
		text += "; the time for the test was over before there were more"
	}
	t.Log(text)
}

// Property is [Check] as a property, for what takes one: rapid.MakeCheck, or rapid.Check with a test's own
// flags. Its failures tell the whole case. One property is for one test.
func (c Config) Property() func(*rapid.T) {
	t := &trial{config: c, whole: true}
	return t.property
}

// Fuzz lets Go's fuzzer draw the cases, guided by what each has covered:
//
//	func FuzzShipping(f *testing.F) { simtest.Fuzz(f, simtest.Config{Flow: shipping}) }
//
// and then go test -fuzz FuzzShipping -fuzzminimizetime 1x: Go's fuzzer would spend most of its time on
// making inputs shorter, which makes no case simpler. A failure leaves its input under testdata/fuzz, which
// go test tries from then on. While it fuzzes, a failure says in a line what is broken; the command that Go
// then tells runs the input again, and tells the whole case.
func Fuzz(f *testing.F, c Config) {
	f.Helper()
	for n := range uint64(seeds) {
		f.Add(noise(n))
	}
	before := 0
	f.Fuzz(func(t *testing.T, input []byte) {
		search := &trial{config: c, whole: !fuzzing(), cases: before}
		defer func() { before = search.cases }()
		rapid.MakeFuzz(search.property)(t, append(input, make([]byte, enough)...))
	})
}

const (
	// seeds is how many inputs the fuzzer is given to begin with. The first is the simplest case.
	seeds = 16
	// enough is more bytes than a case takes. Where an input ends all that is still to be drawn is zero: an
	// input that is too short for a case would teach the fuzzer nothing.
	enough = 1 << 13
)

// noise is an input like any other, always the same one for a number.
func noise(n uint64) []byte {
	const words = 200
	if n == 0 {
		return nil
	}
	var input []byte
	for at := range uint64(words) {
		input = binary.LittleEndian.AppendUint64(input, choice.Mix(n*choice.Golden+at))
	}
	return input
}

// fuzzing reports whether inputs are made up and not only tried again. Then a failing one is tried in
// thousands of forms, and nobody reads what is said of them.
func fuzzing() bool {
	f := flag.Lookup("test.fuzz")
	return f != nil && f.Value.String() != ""
}

// spare is how long before the deadline of go test no case is begun any more.
const spare = 5 * time.Second

// deadlineOf is when a test has to be done; zero where nothing is said.
func deadlineOf(t TB) time.Time {
	limited, is := t.(interface{ Deadline() (time.Time, bool) })
	if !is {
		return time.Time{}
	}
	end, _ := limited.Deadline()
	if end.IsZero() {
		return end
	}
	return end.Add(-spare)
}

// search is what a reporter reports on.
type search interface {
	// found reports whether there was a failing case.
	found() bool
	// hurried reports whether the time was over before the search was.
	hurried() bool
	// story tells the latest one. again is the command that runs it again, or empty.
	story(again []string) string
}

// reporter is the test as rapid sees it: it keeps back what rapid says of a failure, and tells it once, as a
// whole.
type reporter struct {
	TB
	search search
	again  string // the flags by which rapid runs the case again
	failed bool
	other  bool // it failed for another reason than a case that breaks a promise
}

// failedCase is how rapid's message of a failure begins, and flakyCase that of one that is not there any
// more: when time is over no case is run. againFlags is what it says about running it again.
const (
	failedCase = "[rapid] failed after"
	flakyCase  = "[rapid] flaky test"
)

var againFlags = regexp.MustCompile(`(?:To|try to) reproduce, specify -run="(?:[^"\\]|\\.)*" (.*)`)

// Errorf hears of a failure.
func (r *reporter) Errorf(format string, args ...any) {
	r.Helper()
	known := strings.HasPrefix(format, failedCase) || strings.HasPrefix(format, flakyCase) && r.search.hurried()
	if !known || !r.search.found() {
		r.other = true
		r.TB.Errorf(format, args...)
		return
	}
	r.failed = true
	if found := againFlags.FindStringSubmatch(fmt.Sprintf(format, args...)); found != nil {
		r.again = found[1]
	}
}

// Logf hears of everything else: what was drawn, and at the end how long it took, which is of no interest.
func (r *reporter) Logf(format string, args ...any) {
	r.Helper()
	if r.other || testing.Verbose() && !r.failed {
		r.TB.Logf(format, args...)
	}
}

// Log is Logf.
func (r *reporter) Log(args ...any) { r.Helper(); r.Logf("%s", fmt.Sprint(args...)) }

// Failed reports whether the test has failed.
func (r *reporter) Failed() bool { return r.failed || r.TB.Failed() }

// FailNow tells the failure and ends the test.
func (r *reporter) FailNow() {
	r.Helper()
	if r.failed && !r.other {
		r.TB.Fatal(r.search.story(r.commands()))
	}
	r.TB.FailNow()
}

// commands are those that run the case again: from the file that rapid has left, and from the seed, which
// finds the case and makes it smaller once more.
func (r *reporter) commands() []string {
	if _, is := r.TB.(*attempt); is {
		return nil
	}
	command := "go test "
	if folder := callerPackage(); folder != "" {
		command += folder + " "
	}
	parts := strings.Split(r.Name(), "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	command += "-run '" + strings.Join(parts, "/") + "'"
	var commands []string
	for _, flags := range strings.Split(strings.TrimSuffix(r.again, ")"), " (or ") {
		commands = append(commands, strings.TrimSpace(command+" "+flags))
	}
	return commands
}

// callerPackage is the package of the test that called, by its import path.
func callerPackage() string {
	const depth = 64
	callers := make([]uintptr, depth)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.File, "_test.go") {
			dir, name := "", frame.Function
			if slash := strings.LastIndexByte(name, '/'); slash >= 0 {
				dir, name = name[:slash+1], name[slash+1:]
			}
			name, _, _ = strings.Cut(name, ".")
			return dir + strings.TrimSuffix(name, "_test")
		}
		if !more {
			return ""
		}
	}
}
