package failure

import (
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"derail/core/host"
)

// FromPanic makes a failure of the value that a task panicked with. Call it from the function that
// host.Catch calls: the stack then reaches from the panic down to the function that deferred it.
func FromPanic(atom string, cause any) *Failure {
	f := &Failure{Class: Task, Atom: atom, Text: clip(describe(cause)), Panic: true, Stack: stack()}
	if err, is := cause.(error); is {
		f.TypeNames = panicTypeNames(err)
	}
	return f
}

// panicTypeNames are as many of the names as the error tells before it panics itself, if it does: then
// there is nobody left to recover.
func panicTypeNames(err error) []string {
	var names []string
	func() {
		defer host.Catch(func(any) {})
		gather(err, &names)
	}()
	return names
}

// describe is a panic's value as text. A value that is no error, no text and no number is described
// by its type alone: printing it could print an address, which is different in every run.
func describe(cause any) string {
	switch v := cause.(type) {
	case error, fmt.Stringer:
		return fmt.Sprint(v) // which survives a panic in its method
	case string:
		return v
	}
	switch v := reflect.ValueOf(cause); v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64, reflect.String:
		return fmt.Sprintf("%T(%v)", cause, cause)
	default:
		return fmt.Sprintf("a panic with a %T", cause)
	}
}

const maxFrames = 32

// stack is where the panic came from: functions with file and line, innermost first, without the
// runtime's own frames. It ends above the function that caught the panic, whose closure called
// FromPanic: what lies below belongs to the host, and the simulator has two that must not differ.
func stack() string {
	var pcs [maxFrames + 16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])]) // 3: Callers, stack, FromPanic
	catcher, more := frames.Next()
	below := outermost(catcher.Function)
	var b strings.Builder
	unwound := false
	for n := 0; more && n < maxFrames; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			unwound = true // what came before was the catching
		case !unwound || strings.HasPrefix(f.Function, "runtime."):
		case f.Function == below:
			return b.String()
		default:
			b.WriteString(f.Function + "\n\t" + path.Base(f.File) + ":" + strconv.Itoa(f.Line) + "\n")
			n++
		}
	}
	return b.String()
}

// outermost is the function in which a closure was written: the compiler calls the first closure in
// pkg.F pkg.F.func1.
func outermost(function string) string {
	for at := 0; ; {
		next := strings.Index(function[at:], ".func")
		if next < 0 {
			return function
		}
		at += next
		if rest := function[at+len(".func"):]; rest != "" && '0' <= rest[0] && rest[0] <= '9' {
			return function[:at]
		}
		at += len(".func")
	}
}
