package scenarios

import "slices"

// kinds is the table of all kinds of fault: what may be written of each, and what the README and the
// schema say of it.
var kinds = slices.Concat(storageKinds, sessionKinds, diskKinds, networkKinds, nodeKinds, taskKinds)

var storageKinds = []Kind{
	{
		Name:  KindStorageRefused,
		Means: "The store answers that it did not take the call, and did not: it is full, or has no leader.",
		Needs: []string{"rate"}, Takes: inStore, Machines: callers,
		Reached: KindStorageRefused,
	},
	{
		Name:  KindStorageUnknownApplied,
		Means: "The store carries the call out, but its answer is lost: the caller cannot know.",
		Needs: []string{"rate"}, Takes: inStore, Machines: callers, Store: StoreServer,
		Reached: KindStorageUnknownApplied,
	},
	{
		Name: KindStorageUnknownLater,
		Means: "The connection breaks, and the store carries the call out all the same, only later, by for: " +
			"when its caller has perhaps gone on.",
		Needs: []string{"rate", "for"}, Takes: slices.Concat([]string{"for"}, inStore), Machines: callers,
		Store: StoreServer, Reached: KindStorageUnknownLater,
	},
	{
		Name:  KindStorageUnknownLost,
		Means: "The call is lost on its way, and no answer comes: to the caller it looks like a lost answer.",
		Needs: []string{"rate"}, Takes: inStore, Machines: callers, Store: StoreServer,
		Reached: KindStorageUnknownLost,
	},
	{
		Name:  KindStorageSlow,
		Means: "The store takes longer over a call, by for: a busy disk, a compaction.",
		Needs: []string{"for"}, Takes: slices.Concat([]string{"for"}, inStore), Machines: callers,
		Store: StoreServer, Reached: KindStorageSlow,
	},
	{
		Name: KindStorageStalled,
		Means: "The store stands still for as long as for says: calls wait, and are carried out when it goes " +
			"on, those of callers too that have given up.",
		Timed: true, Needs: []string{"at", "for"}, Takes: inServer, Store: StoreServer,
		Reached: KindStorageStalled,
	},
	{
		Name: KindStorageDown,
		Means: "The store takes no calls for as long as for says: it refuses them, or with answer: silence " +
			"leaves them without an answer. What it holds stays.",
		Timed: true, Needs: []string{"at", "for"}, Store: StoreServer,
		Takes:   []string{"at", "every", "for", "times", "answer", "forever"},
		Reached: KindStorageDown,
	},
	{
		Name: KindStorageFull,
		Means: "The store has no space left for as long as for says: it refuses whatever writes, and lets " +
			"reads and deletions through.",
		Timed: true, Needs: []string{"at", "for"}, Takes: inServer, Store: StoreServer,
		Reached: KindStorageFull,
	},
	{
		Name: KindStorageStale,
		Means: "A read is answered by a replica that lags behind, by for at most: what it says was true " +
			"once. The contract forbids it.",
		Needs: []string{"rate", "for"}, Takes: slices.Concat([]string{"for"}, inStore), Machines: callers,
		Store: StoreServer, Breaks: "A1", Reached: KindStorageStale,
	},
	{
		Name: KindStorageFailover,
		Means: "A replica takes over that does not have the writes of the last while, as long as for: what " +
			"was acknowledged is gone, as with asynchronous replication.",
		Timed: true, Needs: []string{"at", "for"}, Takes: inServer, Store: StoreServer,
		Breaks: "A1", Reached: KindStorageFailover,
	},
	{
		Name: KindStorageCorrupt,
		Means: "A bit of a stored record flips: bad memory, a bad disk under the store. Its checksum no " +
			"longer fits.",
		Timed: true, Needs: []string{"at"}, Takes: []string{"at", "every", "records", "jobs", "times", "forever"},
		Store: StoreServer, Breaks: "A1", Reached: KindStorageCorrupt,
	},
}

var sessionKinds = []Kind{
	{
		Name: KindLeaseLost,
		Means: "The store ends a conductor's lease before its time: its clock runs ahead, a new leader " +
			"counts anew.",
		Timed: true, Needs: []string{"at"}, Takes: []string{"at", "every", "nodes", "hits", "times", "forever"},
		Machines: conductors, Breaks: "A3", Reached: KindLeaseLost,
	},
	{
		Name: KindLeaseLate,
		Means: "The renewal of a lease is carried out late, by for: from the store's view the conductor is " +
			"nearly dead.",
		Needs: []string{"rate", "for"}, Takes: slices.Concat([]string{"for"}, inCode), Machines: conductors,
		Store: StoreServer, Reached: KindLeaseLate,
	},
	{
		Name:  KindWatchLag,
		Means: "What a watch tells comes later, by for.",
		Needs: []string{"for"}, Takes: slices.Concat([]string{"for"}, inCode), Machines: conductors,
		Store: StoreServer, Reached: KindWatchLag,
	},
	{
		Name:  KindWatchRepeat,
		Means: "A watch tells something twice. The contract forbids it.",
		Needs: []string{"rate"}, Takes: inCode, Machines: conductors,
		Store: StoreServer, Breaks: "A6", Reached: KindWatchRepeat,
	},
	{
		Name:  KindWatchDrop,
		Means: "A watch leaves something out, and nobody notices. The contract forbids it.",
		Needs: []string{"rate"}, Takes: inCode, Machines: conductors,
		Store: StoreServer, Breaks: "A6", Reached: KindWatchDrop,
	},
	{
		Name:  KindWatchRestart,
		Means: "A watch ends with the news that it lost its place, and has to be begun again.",
		Needs: []string{"rate"}, Takes: inCode, Machines: conductors,
		Store: StoreServer, Reached: KindWatchRestart,
	},
}

var diskKinds = []Kind{
	{
		Name: KindDiskPowerLoss,
		Means: "The machine loses its power just when the disk writes or syncs, with all the conductors on " +
			"it: what was not synced is there in part, or not at all. It comes back after cluster.restart.",
		Needs: []string{"rate"}, Takes: inCode, Machines: conductors,
		Store: StoreSQLite, Reached: KindDiskPowerLoss,
	},
	{
		Name: KindDiskTorn,
		Means: "Of a write that was not synced when the power went, only some of the sectors are there: the " +
			"chance is that of each such write.",
		Needs: []string{"rate"}, Takes: slices.Concat([]string{"rate"}, whileActive),
		Store: StoreSQLite, Reached: KindDiskTorn,
	},
	{
		Name:  KindDiskLie,
		Means: "The disk says that what was written is safe, and it is not: a cache that is not flushed.",
		Needs: []string{"rate"}, Takes: inCode, Machines: conductors,
		Store: StoreSQLite, Breaks: "A7", Reached: KindDiskLie,
	},
	{
		Name:  KindDiskSyncError,
		Means: "A sync fails, and what it was about stays as unsafe as it was.",
		Needs: []string{"rate"}, Takes: inCode, Machines: conductors,
		Store: StoreSQLite, Reached: KindDiskSyncError,
	},
	{
		Name:  KindDiskReadError,
		Means: "A read fails: a bad sector.",
		Needs: []string{"rate"}, Takes: inCode, Machines: conductors,
		Store: StoreSQLite, Reached: KindDiskReadError,
	},
	{
		Name:  KindDiskSlow,
		Means: "A read, a write or a sync takes longer, by for.",
		Needs: []string{"for"}, Takes: slices.Concat([]string{"for"}, inCode), Machines: conductors,
		Store: StoreSQLite, Reached: KindDiskSlow,
	},
	{
		Name:  KindDiskFull,
		Means: "The disk has no space left for as long as for says: no file can grow.",
		Timed: true, Needs: []string{"at", "for"}, Takes: inServer,
		Store: StoreSQLite, Reached: KindDiskFull,
	},
	{
		Name:  KindDiskFlip,
		Means: "A bit of the database flips on the disk.",
		Timed: true, Needs: []string{"at"}, Takes: []string{"at", "every", "times", "forever"},
		Store: StoreSQLite, Breaks: "A7", Reached: KindDiskFlip,
	},
	{
		Name: KindDiskLost,
		Means: "The machine loses its power, and its disk is empty when it comes back after cluster.restart: " +
			"every copy of the data is gone.",
		Timed: true, Needs: []string{"at"}, Takes: []string{"at"},
		Store: StoreSQLite, Breaks: "A7", Reached: KindDiskLost,
	},
}

var networkKinds = []Kind{
	{
		Name:  KindNetworkDelay,
		Means: "A message between a machine and the store takes longer, by for: a full link, a long route.",
		Needs: []string{"for"}, Takes: slices.Concat([]string{"for"}, inNetwork), Machines: callers,
		Store: StoreServer, Reached: KindNetworkDelay,
	},
	{
		Name:  KindNetworkLoss,
		Means: "A message between a machine and the store is lost, be it a request or an answer.",
		Needs: []string{"rate"}, Takes: inNetwork, Machines: callers,
		Store: StoreServer, Reached: KindNetworkLoss,
	},
	{
		Name: KindNetworkRepeat,
		Means: "A message arrives twice, the second time later by for: the store carries a request out " +
			"again, unless its transaction's comparisons no longer hold. One that compares no revision is " +
			"recognised: the contract forbids doing it twice.",
		Needs: []string{"rate", "for"}, Takes: slices.Concat([]string{"for"}, inNetwork), Machines: callers,
		Store: StoreServer, Reached: KindNetworkRepeat,
	},
	{
		Name: KindNetworkReorder,
		Means: "A message waits until the next one of its link has overtaken it, for as long as for at " +
			"most.",
		Needs: []string{"rate", "for"}, Takes: slices.Concat([]string{"for"}, inNetwork), Machines: callers,
		Store: StoreServer, Reached: KindNetworkReorder,
	},
	{
		Name: KindNetworkCut,
		Means: "Nothing gets through between a machine and the store for as long as for says; with way, " +
			"nothing in that direction.",
		Timed: true, Needs: []string{"at", "for"}, Takes: slices.Concat([]string{"way"}, inNode), Machines: callers,
		Store: StoreServer, Reached: KindNetworkCut,
	},
	{
		Name: KindNetworkSlow,
		Means: "For as long as for says, each message between a machine and the store takes longer, by by: a " +
			"detour, a saturated line.",
		Timed: true, Needs: []string{"at", "for", "by"}, Takes: slices.Concat([]string{"way", "by"}, inNode),
		Machines: callers, Store: StoreServer, Reached: KindNetworkSlow,
	},
}

var nodeKinds = []Kind{
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
		Name: KindClockSkew,
		Means: "From its boot on a machine's clock is off, by by: nobody has set it. The chance is that of " +
			"each boot.",
		Needs: []string{"by"}, Takes: slices.Concat([]string{"by", "as"}, inCode), Machines: callers,
		As:    []string{ClockFast, ClockSlow},
		Store: StoreServer, Reached: KindClockSkew,
	},
	{
		Name: KindClockDrift,
		Means: "From its boot on a machine's clock runs too fast or too slow, by drift; what it sleeps is " +
			"shorter or longer by as much. The chance is that of each boot.",
		Needs: []string{"drift"}, Takes: slices.Concat([]string{"drift", "as"}, inCode), Machines: callers,
		As:    []string{ClockFast, ClockSlow},
		Store: StoreServer, Reached: KindClockDrift,
	},
	{
		Name:  KindClockJump,
		Means: "A machine's clock jumps, by by: somebody has set it.",
		Timed: true, Needs: []string{"at", "by"},
		Takes:    []string{"at", "every", "by", "as", "nodes", "hits", "times", "forever"},
		Machines: callers, As: []string{ClockFast, ClockSlow}, Breaks: "A4",
		Store: StoreServer, Reached: KindClockJump,
	},
}

var taskKinds = []Kind{
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
			"gives it an error there, as: crash kills its machine. With alive a run first draws which points " +
			"can fire in it at all.",
		Needs: []string{"point"}, Takes: slices.Concat([]string{"point", "as", "alive"}, inCode), Machines: callers,
		As:      []string{ErrorReturned, ErrorCrash},
		Reached: KindCodeFailpoint,
	},
}
