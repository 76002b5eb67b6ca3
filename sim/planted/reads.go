package planted

import (
	"context"

	"derail/core/store"
	"derail/scenarios"
	"derail/sim/kernel"
	"derail/sim/world"
)

// readBugs answer questions about the board wrongly, or let conductors draw the wrong job from it.
var readBugs = []Bug{
	{
		Name: "listed-from-a-cache", Area: AreaJobboard,
		About: "Who asks for the jobs on the board is shown what somebody was shown a moment ago, unless that is " +
			"a second old.",
		Reference: "TaskFlow, jobs/backends/impl_zookeeper.py: iterjobs and wait answer from what the board has " +
			"heard so far, unless ensure_fresh is asked for.",
		Property: "read.current", Scenario: "reads", Seeds: 20,
		Wrap: world.Wrap{Store: func(s store.Store, m *kernel.Machine) store.Store {
			return &remembering{Store: s, machine: m}
		}},
	},
	{
		Name: "owner-of-the-gone", Area: AreaJobboard,
		About:    "Who owns a job is read off its claim alone: one that is done and gone is said to be free.",
		Property: "read.current", Scenario: "reads", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/list.go",
			Old:  "\tj, err := b.Find(ctx, id)\n\treturn j.Holder, err\n",
			New: "\tpair, _, err := b.store.Get(ctx, claimPrefix+id)\n" +
				"\tif err != nil || pair.Changed == 0 {\n\t\treturn Holder{}, err\n\t}\n" +
				"\treturn decodeHolder(pair.Value)\n",
		}},
	},
	{
		Name: "listed-one-by-one", Area: AreaJobboard,
		About: "A list is the jobs' names first and then each job by itself: all of them as they were, and no " +
			"two at the same time.",
		Reference: "TaskFlow, jobs/backends/impl_zookeeper.py and JobBoardIterator: the names are fetched once, " +
			"and the state of each job is read when the iterator comes to it.",
		Property: "list.whole", Scenario: "reads", Seeds: 50,
		Patch: []Edit{{
			File: "core/jobboard/list.go",
			Old:  "\tjobs, damage := assemble(snap.Pairs)\n\treturn jobs, snap.Revision, damage\n",
			New: "\tnames, damage := assemble(snap.Pairs)\n\tvar jobs []Job\n" +
				"\tfor i := range names {\n\t\tif j, err := b.find(ctx, names[i].ID); err == nil {\n" +
				"\t\t\tjobs = append(jobs, j)\n\t\t}\n\t}\n" +
				"\treturn jobs, snap.Revision, damage\n",
		}},
	},
	{
		Name: "counted-by-halves", Area: AreaJobboard,
		About: "A job is two records, and so the jobs on the board are counted by counting records; one that is " +
			"claimed has three.",
		Property: "list.whole", Scenario: "reads", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/list.go",
			Old:  "\tsnap, err := b.store.Range(ctx, postingPrefix)\n\treturn len(snap.Pairs), err\n",
			New:  "\tsnap, err := b.store.Range(ctx, boardPrefix)\n\treturn len(snap.Pairs) / 2, err\n",
		}},
	},
	{
		Name: "listed-least-urgent-first", Area: AreaJobboard,
		About:    "A list shows the least urgent jobs first, because a larger priority is taken for a later place.",
		Property: "list.whole", Scenario: "priorities", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/job.go",
			Old:  "return j.Priority > other.Priority",
			New:  "return j.Priority < other.Priority",
		}},
	},
	{
		Name: "least-urgent-first", Area: AreaJobboard,
		About: "Conductors claim the least urgent job first.",
		Reference: "TaskFlow, jobs/base.py, JobPriority and its comparison: on the ZooKeeper jobboard, and by " +
			"its code on etcd's, the job of the lowest priority comes first.",
		Property: "priority.kept", Scenario: "priorities", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/sighting.go",
			Old:  "return s.priority > other.priority",
			New:  "return s.priority < other.priority",
		}},
	},
	{
		Name: "newest-first", Area: AreaJobboard,
		About: "Of jobs that are equally urgent the newest is claimed first: while new ones come, the oldest " +
			"wait.",
		Reference: "TaskFlow, jobs/backends/impl_redis.py: jobs of one priority are sorted in reverse, last in " +
			"first out.",
		Property: "overtake.bounded", Scenario: "fairness", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/sighting.go",
			Old:  "return s.created < other.created",
			New:  "return s.created > other.created",
		}},
	},
	{
		Name: "deaf-to-ends", Area: AreaJobboard,
		About: "A conductor that hears of the end of a claim notes it and does not look at the job again: it is " +
			"claimed when the board is listed anew.",
		Property: "claim.prompt", Scenario: "backoff", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/sighting.go",
			Old:  "\t\ts.own = int32(len(v.owned))\n\t\tv.stirred = true\n\t}\n\tv.settle(s)\n",
			New: "\t\ts.own = int32(len(v.owned))\n\t\tv.stirred = true\n\t}\n" +
				"\tif !deleted {\n\t\tv.settle(s)\n\t}\n",
		}},
	},
	{
		Name: "rest-unheeded", Area: AreaPolicy,
		About: "A job that was given back says for how long it is to rest, and nobody asks: it is claimed again " +
			"at once, as on a board that knows no rest.",
		Reference: "TaskFlow has no backoff: a job that is abandoned is claimed again in the same pass.",
		Property:  "backoff.kept", Scenario: "backoff", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/sighting.go",
			Old:  "\tuntil := f.ledger.NotBefore\n\tif f.ledger.Rest > 0 {\n",
			New:  "\tvar until time.Time\n\tif f.ledger.Rest < 0 {\n",
		}},
	},
	{
		Name: "lease-end-untold", Area: AreaStore,
		About:    "What the end of a lease deletes is gone, and no watch tells of it.",
		Property: "claim.prompt", Scenario: "backoff", Seeds: 200,
		Patch: []Edit{
			{
				File: "core/store/memory/lease.go",
				Old:  "\t\tfrom, at := m.journal.next, m.revision+1\n",
				New:  "\t\tat := m.revision + 1\n",
			},
			{
				File: "core/store/memory/lease.go",
				Old:  "\t\tm.settle(from, at)\n\t\tended.Revision = at\n",
				New:  "\t\tm.revision = at\n\t\tended.Revision = at\n",
			},
		},
	},
}

// cacheLives is for how long an answer is given again, in nanoseconds.
const cacheLives = 1e9

// remembering is the store of somebody who looks on, with a cache before it.
type remembering struct {
	store.Store
	machine *kernel.Machine
	known   map[string]answer
}

type answer struct {
	snap store.Snapshot
	at   int64
}

// Range implements store.KV.
func (s *remembering) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	now := s.machine.Now().UnixNano()
	if a, is := s.known[prefix]; is && now-a.at < cacheLives && s.machine.Name() == scenarios.NodeClient {
		return a.snap, nil
	}
	snap, err := s.Store.Range(ctx, prefix)
	if err == nil {
		if s.known == nil {
			s.known = map[string]answer{}
		}
		s.known[prefix] = answer{snap, now}
	}
	return snap, err
}
