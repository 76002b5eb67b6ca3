package scenarios

import "slices"

// The kinds of fault.
const (
	KindStorageRefused        = "storage.refused"
	KindStorageUnknownApplied = "storage.unknown-applied"
	KindStorageUnknownLater   = "storage.unknown-later"
	KindStorageUnknownLost    = "storage.unknown-lost"
	KindStorageSlow           = "storage.slow"
	KindStorageStalled        = "storage.stalled"
	KindStorageDown           = "storage.down"
	KindStorageFull           = "storage.full"
	KindStorageStale          = "storage.stale"
	KindStorageFailover       = "storage.failover"
	KindStorageCorrupt        = "storage.corrupt"
	KindLeaseLost             = "lease.lost"
	KindLeaseLate             = "lease.late"
	KindWatchLag              = "watch.lag"
	KindWatchRepeat           = "watch.repeat"
	KindWatchDrop             = "watch.drop"
	KindWatchRestart          = "watch.restart"
	KindDiskPowerLoss         = "disk.power-loss"
	KindDiskTorn              = "disk.torn"
	KindDiskLie               = "disk.lie"
	KindDiskSyncError         = "disk.sync-error"
	KindDiskReadError         = "disk.read-error"
	KindDiskSlow              = "disk.slow"
	KindDiskFull              = "disk.full"
	KindDiskFlip              = "disk.flip"
	KindDiskLost              = "disk.lost"
	KindNetworkDelay          = "network.delay"
	KindNetworkLoss           = "network.loss"
	KindNetworkRepeat         = "network.repeat"
	KindNetworkReorder        = "network.reorder"
	KindNetworkCut            = "network.cut"
	KindNetworkSlow           = "network.slow"
	KindNodeCrash             = "node.crash"
	KindNodePause             = "node.pause"
	KindNodeStop              = "node.stop"
	KindClockSkew             = "clock.skew"
	KindClockDrift            = "clock.drift"
	KindClockJump             = "clock.jump"
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
	// Store is the store that the cluster must have for it, or empty: any.
	Store string
	// Breaks is the assumption of package core that it breaks ("A1"), or empty: it stays within them, and
	// no promise may be broken. Package sim says what still holds without the assumption.
	Breaks string
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

// Reached lists the names under which the strikes of the fault count. Those at [PointAny] count under the
// name of the point that fired as well, which is not known before.
func (f Fault) Reached() []string {
	kind, _ := FindKind(f.Kind)
	if f.Point != "" && f.Point != PointAny && f.Point != PointStep {
		return []string{kind.Reached, f.Point}
	}
	return []string{kind.Reached}
}

// The keys that kinds have in common.
var (
	whileActive = []string{"from", "until", "times", "forever"}
	inStore     = slices.Concat([]string{"rate", "on", "jobs", "nodes"}, whileActive)
	inTask      = slices.Concat([]string{"rate", "jobs", "tasks", "nodes"}, whileActive)
	inCode      = slices.Concat([]string{"rate", "nodes"}, whileActive) // also watches, leases and the disk
	inNetwork   = slices.Concat([]string{"way"}, inCode)
	inNode      = []string{"at", "every", "for", "nodes", "hits", "times", "forever"}
	inServer    = []string{"at", "every", "for", "times", "forever"}

	callers    = []string{RoleConductor, RoleClient}
	conductors = []string{RoleConductor}
)
