package checker

import (
	"slices"
	"testing"

	"derail/checker/history"
)

// harm is one lie told in a history of a calm town, where everything is known exactly, and the
// property that must notice it, wherever it is told.
var harms = []struct {
	name     string
	property string
	tell     func(h *history.History, chance func(int) int) bool // false: not possible here
}{
	{"an attempt is charged twice", "attempt.counted", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Claim || rec.Type != history.OK {
				return false
			}
			rec.Attempt++
			return true
		})
	}},
	{"an abandon reports too little", "attempt.counted", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Abandon || rec.Type != history.OK {
				return false
			}
			rec.Attempt--
			return true
		})
	}},
	{"a job disappears", "job.conserved", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Final || rec.To == history.FinalGone {
				return false
			}
			rec.To = history.FinalGone
			return true
		})
	}},
	{"a job comes back", "job.conserved", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Final || rec.To != history.FinalGone {
				return false
			}
			rec.To = history.FinalUnclaimed
			return true
		})
	}},
	{"an epoch is skipped", "claim.linearizable", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Claim || rec.Type != history.OK {
				return false
			}
			rec.Epoch++
			return true
		})
	}},
	{"a lease ends twice", "claim.linearizable", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Lost {
				return false
			}
			rec.Kind = history.LeaseEnd
			return true
		})
	}},
	{"a task is misled", "result.handed", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Lost {
				return false
			}
			rec.Kind, rec.Subject = history.Misled, "task-1"
			return true
		})
	}},
	{"a consume is another's", "claim.linearizable", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Consume || rec.Type != history.OK {
				return false
			}
			rec.Process = 0
			h.Records[rec.Call-1].Process = 0
			return true
		})
	}},
	{"work under the next claim", "claim.exclusive", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Move || rec.To != "RUNNING" || rec.Subject == history.SubjectFlow {
				return false
			}
			rec.Epoch++
			return true
		})
	}},
	{"work of another", "claim.exclusive", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Move || rec.To != "REVERTING" {
				return false
			}
			rec.Process = 0
			return true
		})
	}},
	{"a move ends elsewhere", "moves.legal", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Move || rec.Subject == history.SubjectJob {
				return false
			}
			rec.To = "SUSPENDED"
			return true
		})
	}},
	{"two work in the places of one", "slots.kept", func(h *history.History, _ func(int) int) bool {
		one, other := slices.Index(h.Processes, "conductor-1"), slices.Index(h.Processes, "conductor-2")
		unite(h, history.ProcessID(one), history.ProcessID(other))
		return len(oracleSlots(h)) > 0
	}},
	{"an exhausted job was not", "trash.exact", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Trash || rec.Type != history.OK || rec.Reason != history.TrashExhausted {
				return false
			}
			h.Header.Attempts++
			return true
		})
	}},
	{"a job that can be read is trashed as unreadable", "trash.exact", func(
		h *history.History, chance func(int) int,
	) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Trash || rec.Type != history.OK {
				return false
			}
			rec.Reason = history.TrashUnreadable
			return true
		})
	}},
	{"an older claim writes", "fence.held", func(h *history.History, chance func(int) int) bool {
		newest := map[history.JobID]int64{}
		for _, rec := range h.Records {
			if rec.Kind == history.Save && rec.Type == history.OK {
				newest[rec.Job] = rec.Epoch
			}
		}
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Save || rec.Type != history.OK || rec.Epoch >= newest[rec.Job] {
				return false
			}
			rec.Revision += 1_000_000
			return true
		})
	}},
	{"a job is not at rest", "rest.reached", func(h *history.History, chance func(int) int) bool {
		h.Header.End = 0
		return h.Header.RestWithin > 0 && alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Final || rec.To != history.FinalTrashed {
				return false
			}
			rec.To = history.FinalClaimed
			return true
		})
	}},
	{"a claim is told of another epoch", "event.told", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Move || rec.Subject != history.SubjectJob {
				return false
			}
			rec.Epoch++
			return true
		})
	}},
	{"a claim is not told, and its end is", "event.told", func(h *history.History, chance func(int) int) bool {
		ended := map[history.Record]bool{}
		for _, rec := range h.Records {
			if rec.Kind == history.Move && rec.Subject == history.SubjectJob && rec.From == "CLAIMED" {
				ended[history.Record{Job: rec.Job, Process: rec.Process, Epoch: rec.Epoch}] = true
			}
		}
		return alter(h, chance, func(rec *history.Record) bool {
			about := history.Record{Job: rec.Job, Process: rec.Process, Epoch: rec.Epoch}
			if rec.Kind != history.Move || rec.Subject != history.SubjectJob || rec.To != "CLAIMED" || !ended[about] {
				return false
			}
			rec.Kind = history.Note
			return true
		})
	}},
	{"a listener counts wrong", "event.told", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Heard {
				return false
			}
			rec.N++
			return true
		})
	}},
	{"a listener hears something else", "event.told", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Heard {
				return false
			}
			rec.Reason += "?"
			return true
		})
	}},
	{"an engine leaves a state out", "engine.legal", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Engine || rec.To != "WAITING" {
				return false
			}
			rec.To = "ANALYZING"
			return true
		})
	}},
	{"an engine begins again", "engine.legal", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Engine || rec.From != "RESUMING" {
				return false
			}
			rec.From, rec.To = "UNDEFINED", "RESUMING"
			return true
		})
	}},
	{"what never ran is reverted", "revert.exact", func(h *history.History, chance func(int) int) bool {
		return alter(h, chance, func(rec *history.Record) bool {
			if rec.Kind != history.Move || rec.From != "SUCCESS" || rec.To != "REVERTING" {
				return false
			}
			rec.Subject = "task-7"
			return true
		})
	}},
}

// alter tries to change a record, beginning anywhere.
func alter(h *history.History, chance func(int) int, change func(*history.Record) bool) bool {
	n := len(h.Records)
	begin := chance(n)
	for i := range n {
		if change(&h.Records[(begin+i)%n]) {
			return true
		}
	}
	return false
}

// harmed is the history of a calm town with a lie in it, where the lie is possible.
func harmed(seed uint64, tell func(h *history.History, chance func(int) int) bool) (*history.History, bool) {
	chance := seeded(seed)
	w := newTown(plan{
		jobs: 2, conductors: 3, tasks: 3, attempts: 3, trouble: 100, steps: 400, rest: seed%2 == 0,
	}, chance)
	w.plain = true
	h := w.run()
	return h, tell(h, chance)
}

func TestHarmIsNoticed(t *testing.T) {
	for _, c := range harms {
		t.Run(c.name, func(t *testing.T) {
			told := 0
			for seed := range uint64(1000) {
				h, harmed := harmed(seed, c.tell)
				if !harmed {
					continue
				}
				told++
				v, _ := Check(h).Verdict(c.property)
				if v.Outcome != Invalid {
					t.Fatalf("seed %d: %+v\n%s", seed, v, dump(h))
				}
			}
			if told < 30 {
				t.Errorf("only %d histories could be harmed", told)
			}
		})
	}
}
