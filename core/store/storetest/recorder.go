package storetest

import (
	"fmt"
	"strings"

	"derail/core/host"
)

// recorder is the test that rapid reports to: what it says becomes a case's error.
type recorder struct {
	name   string
	failed bool
	text   strings.Builder
}

// stopped is the panic by which a recorder ends its caller.
type stopped struct{}

// record runs check until it is over or is stopped.
func (r *recorder) record(check func()) {
	defer host.Catch(func(cause any) {
		if _, over := cause.(stopped); !over {
			panic(cause)
		}
	})
	check()
}

func (r *recorder) say(text string) {
	if r.failed { // what comes before a failure is of no interest
		r.text.WriteString(strings.TrimRight(text, "\n") + "\n")
	}
}

func (r *recorder) Helper()                           {}
func (r *recorder) Name() string                      { return r.name }
func (r *recorder) Log(args ...any)                   { r.say(fmt.Sprint(args...)) }
func (r *recorder) Logf(format string, args ...any)   { r.say(fmt.Sprintf(format, args...)) }
func (r *recorder) Skip(args ...any)                  { r.Log(args...); r.SkipNow() }
func (r *recorder) Skipf(format string, args ...any)  { r.Logf(format, args...); r.SkipNow() }
func (r *recorder) SkipNow()                          { panic(stopped{}) }
func (r *recorder) Error(args ...any)                 { r.Fail(); r.Log(args...) }
func (r *recorder) Errorf(format string, args ...any) { r.Fail(); r.Logf(format, args...) }
func (r *recorder) Fatal(args ...any)                 { r.Error(args...); r.FailNow() }
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); r.FailNow() }
func (r *recorder) Fail()                             { r.failed = true }
func (r *recorder) FailNow()                          { r.Fail(); panic(stopped{}) }
func (r *recorder) Failed() bool                      { return r.failed }
