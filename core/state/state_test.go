package state_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"derail/core/state"
)

var everyState = []state.State{
	state.Pending, state.Running, state.Success, state.Failure, state.Reverting, state.Reverted,
	state.RevertFailure, state.Retrying, state.Ignore, state.Suspending, state.Suspended, state.Resuming,
	state.Undefined, state.Scheduling, state.Waiting, state.Analyzing, state.GameOver,
	state.Unclaimed, state.Claimed, state.Complete, state.Trashed,
}

// The lists are written out from TaskFlow's documentation and are not made from the tables.
var legal = map[string]struct {
	table   *state.Table
	moves   string
	ignored string
}{
	"flow": {
		table: &state.Flow,
		moves: `PENDING>RUNNING
			RUNNING>SUCCESS RUNNING>FAILURE RUNNING>REVERTED RUNNING>SUSPENDING RUNNING>RESUMING
			SUCCESS>RUNNING SUCCESS>PENDING
			FAILURE>RUNNING
			REVERTED>PENDING
			SUSPENDING>SUSPENDED SUSPENDING>SUCCESS SUSPENDING>FAILURE SUSPENDING>REVERTED SUSPENDING>RESUMING
			SUSPENDED>RUNNING
			RESUMING>SUSPENDED`,
		ignored: `PENDING>SUSPENDING PENDING>SUSPENDED PENDING>RESUMING
			FAILURE>SUSPENDING FAILURE>SUSPENDED FAILURE>RESUMING
			SUCCESS>SUSPENDING SUCCESS>SUSPENDED SUCCESS>RESUMING
			SUSPENDED>SUSPENDING SUSPENDED>RESUMING
			REVERTED>SUSPENDING REVERTED>SUSPENDED REVERTED>RESUMING`,
	},
	"task": {
		table: &state.Task,
		moves: `PENDING>RUNNING PENDING>IGNORE RUNNING>SUCCESS RUNNING>FAILURE FAILURE>REVERTING
			SUCCESS>REVERTING REVERTING>REVERTED REVERTING>REVERT_FAILURE REVERTED>PENDING IGNORE>PENDING`,
	},
	"retry": {
		table: &state.Retry,
		moves: `PENDING>RUNNING PENDING>IGNORE RUNNING>SUCCESS RUNNING>FAILURE FAILURE>REVERTING
			SUCCESS>REVERTING SUCCESS>RETRYING RETRYING>RUNNING REVERTING>REVERTED
			REVERTING>REVERT_FAILURE REVERTED>PENDING IGNORE>PENDING`,
	},
	"job": {
		table: &state.Job,
		moves: `UNCLAIMED>CLAIMED UNCLAIMED>TRASHED CLAIMED>UNCLAIMED CLAIMED>COMPLETE CLAIMED>TRASHED
			TRASHED>UNCLAIMED`,
	},
	"engine": {
		table: &state.Engine,
		moves: `UNDEFINED>RESUMING RESUMING>SCHEDULING SCHEDULING>WAITING WAITING>ANALYZING
			ANALYZING>SCHEDULING ANALYZING>WAITING ANALYZING>GAME_OVER
			GAME_OVER>SUCCESS GAME_OVER>REVERTED GAME_OVER>SUSPENDED GAME_OVER>FAILURE`,
	},
}

func TestTables(t *testing.T) {
	for name, want := range legal {
		t.Run(name, func(t *testing.T) {
			moves, ignored := strings.Fields(want.moves), strings.Fields(want.ignored)
			if want.table.String() != name {
				t.Errorf("the table is called %q", want.table)
			}
			for _, from := range everyState {
				for _, to := range everyState {
					move := string(from) + ">" + string(to)
					verdict := state.Illegal
					switch {
					case slices.Contains(moves, move):
						verdict = state.Legal
					case from == to || slices.Contains(ignored, move):
						verdict = state.Ignored
					}
					if got := want.table.Check(from, to); got != verdict {
						t.Errorf("%s: got %d, want %d", move, got, verdict)
					}
				}
			}
		})
	}
}

func TestMovesAndKnows(t *testing.T) {
	for name, want := range legal {
		t.Run(name, func(t *testing.T) {
			var listed []string
			known := map[state.State]bool{}
			for _, from := range everyState {
				for _, to := range want.table.Moves(from) {
					listed = append(listed, string(from)+">"+string(to))
					known[from], known[to] = true, true
				}
			}
			moves := strings.Fields(want.moves)
			slices.Sort(listed)
			slices.Sort(moves)
			if !slices.Equal(listed, moves) {
				t.Errorf("Moves lists %v, want %v", listed, moves)
			}
			for _, s := range everyState {
				if want.table.Knows(s) != known[s] {
					t.Errorf("Knows(%s) is %t", s, !known[s])
				}
			}
			if want.table.Knows("") || want.table.Knows("NONSENSE") {
				t.Error("it knows a state that does not exist")
			}
		})
	}
}

func TestRequire(t *testing.T) {
	if made, err := state.Flow.Require(state.Pending, state.Running); !made || err != nil {
		t.Errorf("a legal move: %t, %v", made, err)
	}
	if made, err := state.Flow.Require(state.Success, state.Suspending); made || err != nil {
		t.Errorf("an ignored move: %t, %v", made, err)
	}
	made, err := state.Flow.Require(state.Reverted, state.Running)
	var refusal *state.MoveError
	if made || !errors.As(err, &refusal) {
		t.Fatalf("an illegal move: %t, %v", made, err)
	}
	if *refusal != (state.MoveError{Table: "flow", From: state.Reverted, To: state.Running}) {
		t.Errorf("the refusal is %+v", *refusal)
	}
	if want := "a flow cannot go from REVERTED to RUNNING"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// The codes are on disk: this list only grows.
func TestCodes(t *testing.T) {
	codes := append([]state.State{""}, everyState...)
	for code, s := range codes {
		if got := state.Code(s); int(got) != code {
			t.Errorf("the code of %q is %d, want %d", s, got, code)
		}
		if got, ok := state.FromCode(uint64(code)); got != s || !ok {
			t.Errorf("code %d is %q, %t, want %q", code, got, ok, s)
		}
	}
	if got, ok := state.FromCode(uint64(len(codes))); got != "" || ok {
		t.Errorf("the code after the last is %q, %t", got, ok)
	}
	if state.Code("NONSENSE") != 0 {
		t.Error("an unknown state has a code")
	}
}
