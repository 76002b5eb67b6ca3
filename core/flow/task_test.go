package flow_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"derail/core/flow"
)

// What TaskFlow's tests say of a task's names, as far as it is not about Python's signatures.
func TestTask(t *testing.T) {
	three := []string{"context", "spam", "eggs"}
	tests := []struct {
		name      string
		task      flow.Task
		requires  string
		provides  string
		misstated bool
	}{
		{"passed_name", flow.Task{Name: "my name"}, "[]", "[]", false},
		{"no_provides", flow.Task{Name: "t", Requires: three}, "[context eggs spam]", "[]", false},
		{"provides", flow.Task{Name: "t", Provides: "food"}, "[]", "[food]", false},
		{"multi_provides", flow.Task{Name: "t", ProvidesItems: []string{"food", "water"}}, "[]", "[food water]", false},
		{"unpack", flow.Task{Name: "t", ProvidesItems: []string{"food"}}, "[]", "[food]", false},
		{"requires_explicit", flow.Task{Name: "t", Requires: three}, "[context eggs spam]", "[]", false},
		{
			"requires_ignores_optional",
			flow.Task{Name: "t", Requires: []string{"spam"}, Optional: []string{"eggs"}},
			"[spam]", "[]", false,
		},
		{"requires_allows_optional", flow.Task{Name: "t", Requires: []string{"spam", "eggs"}}, "[eggs spam]", "[]", false},
		{
			"rebind_includes_optional", flow.Task{
				Name: "t", Requires: []string{"spam"}, Optional: []string{"eggs"}, Rebind: map[string]string{"eggs": "e"},
			}, "[spam]", "[]", false,
		},
		{
			"rebind_all_args", flow.Task{
				Name: "t", Requires: three, Rebind: map[string]string{"spam": "a", "eggs": "b", "context": "c"},
			}, "[a b c]", "[]", false,
		},
		{
			"rebind_partial",
			flow.Task{Name: "t", Requires: three, Rebind: map[string]string{"spam": "a", "eggs": "b"}},
			"[a b context]", "[]", false,
		},
		{
			"rebind_unknown",
			flow.Task{Name: "t", Requires: three, Rebind: map[string]string{"foo": "bar"}},
			"[context eggs spam]", "[]", true,
		},
		{
			"separate_revert_args", flow.Task{
				Name: "t", Requires: []string{"execute_arg"}, Rebind: map[string]string{"execute_arg": "a"},
				RevertNeeds: &flow.Needs{Requires: []string{"revert_arg"}, Rebind: map[string]string{"revert_arg": "b"}},
			}, "[a b]", "[]", false,
		},
		{
			"separate_revert_optional_args", flow.Task{
				Name: "t", Optional: []string{"execute_arg"}, RevertNeeds: &flow.Needs{Optional: []string{"revert_arg"}},
			}, "[]", "[]", false,
		},
		{
			"revert_kwargs", flow.Task{
				Name: "t", Requires: []string{"execute_arg1", "execute_arg2"},
				RevertNeeds: &flow.Needs{Requires: []string{"execute_arg1"}},
			}, "[execute_arg1 execute_arg2]", "[]", false,
		},
		{
			"injected", flow.Task{
				Name: "t", Requires: []string{"a", "b"}, Rebind: map[string]string{"a": "x"},
				Inject: flow.Args{{Name: "x"}, {Name: "a"}},
			}, "[b]", "[]", false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			requires, provides := fmt.Sprint(flow.Requires(&test.task)), fmt.Sprint(flow.Provides(&test.task))
			if requires != test.requires || provides != test.provides || (test.task.Err() != nil) != test.misstated {
				t.Errorf("it requires %s and provides %s, %v", requires, provides, test.task.Err())
			}
			if test.task.Label() != test.task.Name {
				t.Errorf("it is called %s", test.task.Label())
			}
		})
	}
}

// told is what a run hears of a task's progress.
type told struct{ done []int }

func (p *told) Report(done int, _ string) { p.done = append(p.done, done) }

func TestProgress(t *testing.T) {
	for name, test := range map[string]struct{ reports, want []int }{
		"update_progress_within_bounds": {[]int{0, 500, 1000}, []int{0, 500, 1000}},
		"update_progress_lower_bound":   {[]int{-1000, -500, 0, math.MinInt}, []int{0, 0, 0, 0}},
		"update_progress_upper_bound":   {[]int{1000, 1500, 2000, math.MaxInt}, []int{1000, 1000, 1000, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			var p told
			ctx := context.WithValue(context.Background(), flow.ProgressKey(), flow.Progress(&p))
			for _, done := range test.reports {
				flow.Report(ctx, done, "")
				flow.Report(context.Background(), done, "heard by nobody")
			}
			if !slices.Equal(p.done, test.want) {
				t.Errorf("it was told %v, want %v", p.done, test.want)
			}
		})
	}
}
