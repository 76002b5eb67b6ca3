package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/flow"
)

// A retry that a decider left out alone, while its flow runs, is not asked: the retry around it is, as if
// the flow had none of its own.
func TestRetryThatIsIgnoredIsNotAsked(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		for name, one := range map[string]*flow.Retry{
			"times": flow.Times(3), "revert": flow.AlwaysRevert(), "all": flow.AlwaysRevertAll(),
		} {
			r := newRetrial(t, kind, flow.Arg{Name: "y", Value: int64(2)})
			inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r2", "", one))
			p := r.step("p")
			f := flow.Graph("f", p, inner).LinkIf(p, inner, func(flow.Args) bool { return false }, flow.DepthAtom)
			end := r.run(f.WithRetry(r.watched("r", "x", flow.Times(3))))
			if end != "SUCCESS" {
				t.Errorf("%s: it ended in %s", name, end)
			}
			want := expand("f RUNNING; r RUNNING SUCCESS(1); p RUNNING SUCCESS; r2 IGNORE;" +
				"c RUNNING FAILURE REVERTING REVERTED; p REVERTING REVERTED; r RETRYING;" +
				"p PENDING; r2 PENDING; c PENDING; r RUNNING SUCCESS(2); p RUNNING SUCCESS; r2 IGNORE; c RUNNING SUCCESS; f SUCCESS")
			if diff := cmp.Diff(want, r.moves); diff != "" {
				t.Errorf("%s: the moves differ (-want +got):\n%s", name, diff)
			}
		}
	})
}
