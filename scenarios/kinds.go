package scenarios

import "slices"

// The kinds of fault.
const (
	KindStorageRefused        = "storage.refused"
	KindStorageUnknownApplied = "storage.unknown-applied"
	KindStorageUnknownLost    = "storage.unknown-lost"
	KindStorageSlow           = "storage.slow"
	KindStorageDown           = "storage.down"
	KindNetworkDelay          = "network.delay"
	KindNetworkLoss           = "network.loss"
	KindNodeCrash             = "node.crash"
	KindNodePause             = "node.pause"
	KindNodeStop              = "node.stop"
	KindTaskError             = "task.error"
	KindTaskPanic             = "task.panic"
	KindTaskHang              = "task.hang"
	KindTaskSlow              = "task.slow"
	KindTaskPoison            = "task.poison"
	KindCodeFailpoint         = "code.failpoint"
)

// Kind is what there is to know of one kind of fault.
type Kind struct {
	Name  string
	Means string // one sentence: what happens, and what that stands for

	// Timed kinds strike at moments (at, every); the others with a chance (rate), each time that
	// something happens which they can hit, while they are active (from, until).
	Timed bool
	// Needs are the keys that must be given, Takes all that may be, those included. Where rate is
	// taken and not needed, it is 100% when left out.
	Needs, Takes []string
	// Machines are those that nodes can name: RoleConductor, RoleClient. A timed fault hits one of
	// them each time, drawn from those that nodes names; a fault with a chance only what happens on
	// them, or for a network fault what is sent between them and the store.
	Machines []string
	// As lists the values that as can have, the one first that it has when left out.
	As []string
	// Reached is the name under which reports, and the expectation reached, count its strikes. Those
	// of code.failpoint are counted under the name of their point as well.
	Reached string
}

// The roles that machines have.
const (
	RoleConductor = "conductor"
	RoleClient    = "client"
	RoleStore     = "store"
)

// RateOptional says that the kind has a rate which is 100% when it is left out.
func (k Kind) RateOptional() bool {
	return slices.Contains(k.Takes, "rate") && !slices.Contains(k.Needs, "rate")
}

// FindKind finds a kind by its name.
func FindKind(name string) (Kind, bool) {
	for _, kind := range kinds {
		if kind.Name == name {
			return kind, true
		}
	}
	return Kind{}, false
}

// Kinds lists the kinds of fault. The lists in it are shared: nobody changes them.
func Kinds() []Kind { return slices.Clone(kinds) }

func kindNames() []string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = kind.Name
	}
	return names
}

// Reached lists the names under which the strikes of the fault count.
func (f Fault) Reached() []string {
	kind, _ := FindKind(f.Kind)
	if f.Point != "" {
		return []string{kind.Reached, f.Point}
	}
	return []string{kind.Reached}
}

// The keys that kinds have in common.
var (
	whileActive = []string{"from", "until", "times", "forever"}
	inStore     = slices.Concat([]string{"rate", "on", "jobs", "nodes"}, whileActive)
	inTask      = slices.Concat([]string{"rate", "jobs", "tasks", "nodes"}, whileActive)
	inNetwork   = slices.Concat([]string{"rate", "nodes"}, whileActive)
	inNode      = []string{"at", "every", "for", "nodes", "times", "forever"}

	callers    = []string{RoleConductor, RoleClient}
	conductors = []string{RoleConductor}
)

// kinds is the table of all kinds of fault: what may be written of each, and what the README and the
// schema say of it.
var kinds = []Kind{
	{
		Name:  KindStorageRefused,
		Means: "The store answers that it did not take the call, and did not: it is full, or has no leader.",
		Needs: []string{"rate"}, Takes: inStore, Machines: callers,
		Reached: KindStorageRefused,
	},
	{
		Name:  KindStorageUnknownApplied,
		Means: "The store carries the call out, but its answer is lost: the caller cannot know.",
		Needs: []string{"rate"}, Takes: inStore, Machines: callers,
		Reached: KindStorageUnknownApplied,
	},
	{
		Name:  KindStorageUnknownLost,
		Means: "The call is lost on its way, and no answer comes: to the caller it looks like a lost answer.",
		Needs: []string{"rate"}, Takes: inStore, Machines: callers,
		Reached: KindStorageUnknownLost,
	},
	{
		Name:  KindStorageSlow,
		Means: "The store takes longer over a call, by for: a busy disk, a compaction.",
		Needs: []string{"for"}, Takes: slices.Concat([]string{"for"}, inStore), Machines: callers,
		Reached: KindStorageSlow,
	},
	{
		Name: KindStorageDown,
		Means: "The store takes no calls for as long as for says: it refuses them, or with answer: silence " +
			"leaves them without an answer. What it holds stays.",
		Timed: true, Needs: []string{"at", "for"},
		Takes:   []string{"at", "every", "for", "times", "answer", "forever"},
		Reached: KindStorageDown,
	},
	{
		Name:  KindNetworkDelay,
		Means: "A message between a machine and the store takes longer, by for: a full link, a long route.",
		Needs: []string{"for"}, Takes: slices.Concat([]string{"for"}, inNetwork), Machines: callers,
		Reached: KindNetworkDelay,
	},
	{
		Name:  KindNetworkLoss,
		Means: "A message between a machine and the store is lost, be it a request or an answer.",
		Needs: []string{"rate"}, Takes: inNetwork, Machines: callers,
		Reached: KindNetworkLoss,
	},
	{
		Name: KindNodeCrash,
		Means: "A conductor dies, with all that it was doing, and comes back after for (left out: after " +
			"cluster.restart).",
		Timed: true, Needs: []string{"at"}, Takes: inNode, Machines: conductors,
		Reached: KindNodeCrash,
	},
	{
		Name: KindNodePause,
		Means: "A conductor stands still for as long as for says and then goes on without having noticed: " +
			"a long garbage collection, a suspended virtual machine.",
		Timed: true, Needs: []string{"at", "for"}, Takes: inNode, Machines: conductors,
		Reached: KindNodePause,
	},
	{
		Name: KindNodeStop,
		Means: "A conductor is asked to stop, gives back what it has not finished, and is started again " +
			"after for (left out: after cluster.restart): a deployment.",
		Timed: true, Needs: []string{"at"}, Takes: inNode, Machines: conductors,
		Reached: KindNodeStop,
	},
	{
		Name: KindTaskError,
		Means: "A task fails: as: ordinary fails the job, which is then finished with; as: internal is " +
			"trouble of the engine, and the job is given up for somebody to try again.",
		Takes: slices.Concat([]string{"as"}, inTask), Machines: conductors,
		As:      []string{ErrorOrdinary, ErrorInternal},
		Reached: KindTaskError,
	},
	{
		Name:  KindTaskPanic,
		Means: "A task panics: a programming mistake in it.",
		Takes: inTask, Machines: conductors,
		Reached: KindTaskPanic,
	},
	{
		Name:  KindTaskHang,
		Means: "A task never returns; only cluster.run-limit ends it.",
		Takes: inTask, Machines: conductors,
		Reached: KindTaskHang,
	},
	{
		Name:  KindTaskSlow,
		Means: "A task takes longer, by for.",
		Needs: []string{"for"}, Takes: slices.Concat([]string{"for"}, inTask), Machines: conductors,
		Reached: KindTaskSlow,
	},
	{
		Name: KindTaskPoison,
		Means: "A task kills the conductor that runs it, which comes back after cluster.restart: a crash " +
			"in native code, memory exhausted.",
		Takes: inTask, Machines: conductors,
		Reached: KindTaskPoison,
	},
	{
		Name: KindCodeFailpoint,
		Means: "The code fails at one of its named points, which lie where failing is worst: as: error " +
			"gives it an error there, as: crash kills its machine.",
		Needs: []string{"point"}, Takes: slices.Concat([]string{"point", "as"}, inNetwork), Machines: callers,
		As:      []string{ErrorReturned, ErrorCrash},
		Reached: KindCodeFailpoint,
	},
}
