package storetest

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var _ rapid.TB = (*recorder)(nil)

// TestRecorder: whatever of a test's methods rapid uses, a failure is noted, and what ends the test
// ends the check.
func TestRecorder(t *testing.T) {
	tests := []struct {
		name   string
		call   func(r *recorder)
		failed bool
		goesOn bool
		text   string
	}{
		{"nothing", func(*recorder) {}, false, true, ""},
		{"Log before a failure", func(r *recorder) { r.Helper(); r.Log("a") }, false, true, ""},
		{"Error", func(r *recorder) { r.Error("a", 1); r.Logf("b%d\n", 2) }, true, true, "a1\nb2\n"},
		{"Errorf", func(r *recorder) { r.Errorf("a%d", 1) }, true, true, "a1\n"},
		{"Fail", func(r *recorder) { r.Fail() }, true, true, ""},
		{"FailNow", func(r *recorder) { r.FailNow() }, true, false, ""},
		{"Fatal", func(r *recorder) { r.Fatal("a") }, true, false, "a\n"},
		{"Fatalf", func(r *recorder) { r.Fatalf("%v", "a") }, true, false, "a\n"},
		{"Skip", func(r *recorder) { r.Skip("a") }, false, false, ""},
		{"Skipf", func(r *recorder) { r.Skipf("%v", "a") }, false, false, ""},
		{"SkipNow", func(r *recorder) { r.SkipNow() }, false, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &recorder{name: "name"}
			wentOn := false
			r.record(func() {
				test.call(r)
				wentOn = true
			})
			if r.Name() != "name" || r.Failed() != test.failed || wentOn != test.goesOn ||
				r.text.String() != test.text {
				t.Errorf("failed %v, went on %v, text %q", r.Failed(), wentOn, r.text.String())
			}
		})
	}
}

// TestForeignPanics: a panic that is not the suite's own is no verdict on the store.
func TestForeignPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"in a case": func() { _ = failureOf("boom") },
		"in rapid":  func() { (&recorder{}).record(func() { panic("boom") }) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if cause := recover(); !strings.Contains(cause.(string), "boom") {
					t.Errorf("the panic became %v", cause)
				}
			}()
			f()
		})
	}
}
