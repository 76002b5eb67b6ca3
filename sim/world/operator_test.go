package world_test

import (
	"testing"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/world"
)

const restoring = `name: restoring
break: 30s
rest: 20s
cluster:
  conductors: 2
operator: 1s..3s
policy:
  attempts: 2
jobs:
  - name: poison
    count: 3
    every: 1s
faults:
  - kind: task.error
    as: internal
    tasks: [2]
    forever: true
  - kind: storage.unknown-applied
    rate: 20%
    on: [restore]
`

// TestOperator: what is in the trash is put back on the board for as long as things break, and not after
// that, so that the system comes to rest; and no promise is broken by it.
func TestOperator(t *testing.T) {
	b := compiled(t, "restoring.yaml", []byte(restoring))
	w := newWorld(t, b)
	for seed := range seeds(20) {
		h := run(t, w, seed, world.Options{}).History
		restored, healed := 0, false
		for i := range h.Records {
			r := &h.Records[i]
			healed = healed || r.Kind == history.Heal
			if r.Kind != history.Restore {
				continue
			}
			switch {
			case r.Type == history.OK:
				restored++
			case r.Type == history.Invoke && healed:
				t.Errorf("seed %d, record %d: a job is restored when all has healed", seed, i+1)
			}
			if at := h.Processes[r.Process]; at != scenarios.NodeClient {
				t.Errorf("seed %d, record %d: %s restores a job", seed, i+1, at)
			}
		}
		if restored < 3 {
			t.Errorf("seed %d: %d jobs were restored", seed, restored)
		}
		if report := checker.Check(h); report.Outcome() != checker.Valid {
			t.Errorf("seed %d: %v", seed, report.Broken())
		}
	}
}
