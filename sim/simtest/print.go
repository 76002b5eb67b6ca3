package simtest

import (
	"fmt"
	"io"
	"strings"

	"derail/core/host"
)

// Try calls what would be the body of a test outside of one, for examples and for programs that look for a
// case by themselves. It writes to w what the test says when it fails, and reports whether it has passed.
func Try(w io.Writer, body func(t TB)) (passed bool) {
	t := &attempt{}
	defer host.Catch(func(cause any) {
		if _, over := cause.(stopped); !over {
			panic(cause)
		}
		_, _ = io.WriteString(w, t.said.String())
		passed = !t.failed
	})
	body(t)
	panic(stopped{})
}

// attempt is a test outside of go test.
type attempt struct {
	said   strings.Builder
	failed bool
}

// stopped is the panic by which it ends.
type stopped struct{}

// Helper is a test's; so are the methods after it.
func (a *attempt) Helper()                           {}
func (a *attempt) Name() string                      { return "Try" }
func (a *attempt) Log(args ...any)                   { a.say(fmt.Sprint(args...)) }
func (a *attempt) Logf(format string, args ...any)   { a.say(fmt.Sprintf(format, args...)) }
func (a *attempt) Skip(...any)                       { a.SkipNow() }
func (a *attempt) Skipf(string, ...any)              { a.SkipNow() }
func (a *attempt) SkipNow()                          { panic(stopped{}) }
func (a *attempt) Error(args ...any)                 { a.fail(fmt.Sprint(args...)) }
func (a *attempt) Errorf(format string, args ...any) { a.fail(fmt.Sprintf(format, args...)) }
func (a *attempt) Fatal(args ...any)                 { a.Error(args...); a.FailNow() }
func (a *attempt) Fatalf(format string, args ...any) { a.Errorf(format, args...); a.FailNow() }
func (a *attempt) Fail()                             { a.failed = true }
func (a *attempt) FailNow()                          { a.Fail(); panic(stopped{}) }
func (a *attempt) Failed() bool                      { return a.failed }

func (a *attempt) fail(text string) {
	a.failed = true
	a.say(text)
}

// say keeps what is said of a failure: of a test that passes nobody wants to hear.
func (a *attempt) say(text string) {
	if a.failed {
		a.said.WriteString(strings.TrimRight(text, "\n") + "\n")
	}
}
