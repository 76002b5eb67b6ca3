package scenarios_test

import (
	"strings"
	"testing"

	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
)

// watched has somebody who looks on, and promises.
const watched = `name: watched
break: 10s
promise:
  claim-within: 5s
  overtaken: 2
cluster:
  idle: 2s
observe:
  readers: 2
  reads: 100ms..3s
  listeners: true
jobs:
  - name: orders
    count: 3
`

func TestParseReadsWhoLooksOn(t *testing.T) {
	got, err := scenarios.Parse("watched.yaml", []byte(watched), known)
	if err != nil {
		t.Fatal(err)
	}
	observe := &scenarios.Observe{
		Readers: 2, Reads: scenarios.Span{Low: 100 * ms, High: 3 * s}, Listeners: true,
	}
	if diff := cmp.Diff(observe, got.Observe); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(scenarios.Promise{ClaimWithin: 5 * s, Overtaken: 2}, got.Promise); diff != "" {
		t.Error(diff)
	}
	sparse := strings.Replace(watched, "  reads: 100ms..3s\n", "", 1)
	if got, err = scenarios.Parse("watched.yaml", []byte(sparse), known); err != nil {
		t.Fatal(err)
	}
	if want := (scenarios.Span{Low: 200 * ms, High: s}); got.Observe.Reads != want {
		t.Errorf("readers rest for %v", got.Observe.Reads)
	}
	again, err := scenarios.Parse("again.yaml", got.Marshal(), known)
	if diff := cmp.Diff(got, again); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	if got, err = scenarios.Parse("x.yaml", []byte(small), known); err != nil || got.Observe != nil {
		t.Errorf("somebody looks on: %v, %v", got.Observe, err)
	}
}

func TestProblemsOfWhoLooksOn(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{
			"jobs:", "faults:\n  - kind: storage.refused\n    rate: 5%\njobs:",
			`4:3: what is promised holds while no fault is at work, and without a rest faults never end; ` +
				`write rest: 30s at the left edge, or leave promise out`,
		},
		{
			"claim-within: 5s", "claim-within: 1s",
			`4:17: a job is to be claimed within 1s, and a conductor that found none rests for 2s; ` +
				`write 2s or more`,
		},
		{"claim-within: 5s", "claim-within: 5", `4:17: 5 has no unit; write 5s`},
		{"overtaken: 2", "overtaken: 3", `5:14: 3 jobs cannot be overtaken by 3; write less, or more jobs`},
		{"overtaken: 2", "overtaken: -1", `5:14: overtaken cannot be -1; write 0 to 1000000`},
		{
			"overtaken: 2", "readers: 2",
			`5:3: unknown key "readers"; it belongs under observe`,
		},
		{"  readers: 2\n", "", `9:3: nobody reads; write readers: 2, or leave reads out`},
		{
			"  readers: 2\n  reads: 100ms..3s\n  listeners: true\n", "  listeners: false\n",
			`9:3: nobody looks on; write readers: 2 or listeners: true below it, or leave it out`,
		},
		{
			"  reads: 100ms..3s\n", "  reads: 0..3s\n",
			`10:10: reads cannot be 0..3s; write 1ms to 720h`,
		},
		{"  readers: 2\n", "  readers: 101\n", `9:12: readers cannot be 101; write 0 to 100`},
	} {
		spoiled := strings.Replace(watched, test.old, test.new, 1)
		_, err := scenarios.Parse("watched.yaml", []byte(spoiled), known)
		if err == nil || err.Error() != "watched.yaml:"+test.want {
			t.Errorf("%s:\ngot  %v\nwant watched.yaml:%s", test.new, err, test.want)
		}
	}
}

// Of faults that somebody puts into a scenario without a rest nobody can tell when they end.
func TestPromisesUnderAnotherPlan(t *testing.T) {
	for text, want := range map[string]scenarios.Promise{
		"": {}, "rest: 20s\n": {ClaimWithin: 5 * s, Overtaken: 2},
	} {
		scenario, err := scenarios.Parse("watched.yaml", []byte(text+watched), known)
		if err != nil {
			t.Fatal(err)
		}
		changed, err := scenario.WithFaults([]scenarios.Fault{{Kind: scenarios.KindStorageRefused, Rate: 1}})
		if err != nil || changed.Promise != want {
			t.Errorf("%q: %+v, %v", text, changed.Promise, err)
		}
		if same, err := scenario.WithFaults(nil); err != nil || same.Promise != scenario.Promise {
			t.Errorf("%q: %+v, %v", text, same.Promise, err)
		}
	}
}
