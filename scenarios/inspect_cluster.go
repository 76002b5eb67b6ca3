package scenarios

import "fmt"

// What a scenario does not say on one store, because it is part of the other. A section that stands
// there all the same would be believed to matter.
var (
	besideSQLite = []string{"network"}
	besideServer = []string{"disk"}
)

// mostProcesses is how many conductors share one database file at most: each transaction waits for all
// others.
const mostProcesses = 100

// machinery checks the cluster, and what is between its machines.
func (i *inspection) machinery() {
	i.healing()
	if !i.sound("cluster.store") {
		return
	}
	if i.Cluster.Store == StoreSQLite {
		i.onDisk()
	} else {
		i.onNetwork()
	}
}

// onDisk checks what goes with a database in a file.
func (i *inspection) onDisk() {
	if i.given("network") {
		i.add(i.places["network"].key, "there is no network where store is sqlite: all is on one machine",
			"leave network out, or write store: server")
	}
	if path := "cluster.conductors"; i.sound(path) && i.Cluster.Conductors > mostProcesses {
		i.report(path, fmt.Sprintf("write %d or less", mostProcesses),
			"%d conductors on one database file", i.Cluster.Conductors)
	}
	// A renewal is one transaction, which syncs a few times and waits for others that do.
	const syncs = 20
	lease, sync := i.Cluster.Lease, i.Cluster.Disk.Sync.High
	if i.sound("cluster.lease", "cluster.disk", "cluster.disk.sync") && lease < syncs*sync {
		i.report(i.givenFirst("cluster.lease", "cluster.disk.sync"),
			fmt.Sprintf("make the lease %s or more", syncs*sync),
			"a lease of %s is too short for a disk that takes up to %s to sync", lease, sync)
	}
}

// onNetwork checks what goes with a store on a machine of its own.
func (i *inspection) onNetwork() {
	if path := "cluster.disk"; i.given(path) {
		i.add(i.places[path].key, "a disk means nothing where store is server: nothing runs on it",
			"leave disk out, or write store: sqlite")
	}
	// A claim's renewal must have the time to reach the store.
	const trips = 4
	lease, delay := i.Cluster.Lease, i.Network.Delay.High
	if i.sound("cluster.lease", "network.delay") && lease < trips*delay {
		i.report(i.givenFirst("cluster.lease", "network.delay"),
			fmt.Sprintf("make the lease %s or more", trips*delay),
			"a lease of %s is too short for network delays of up to %s", lease, delay)
	}
	tail, path := i.Network.Tail, "network.tail"
	switch {
	case !i.sound("network.delay", path, "network.tail-rate"):
	case i.given("network.tail-rate") && !i.given(path):
		i.add(i.places["network.tail-rate"].key, "a tail-rate without a tail",
			"write tail: 10ms..1s, or leave tail-rate out")
	case i.given(path) && tail.High <= delay:
		i.report(path, fmt.Sprintf("make it end after %s", delay),
			"a tail up to %s is no longer than the delay, which is up to %s", tail.High, delay)
	}
}

// givenFirst is the path if the file has it, and the other one if not: where two values do not fit, the
// one that stands there is to blame.
func (i *inspection) givenFirst(path, other string) string {
	if i.given(path) {
		return path
	}
	return other
}

// healing checks that there is something outside a core, and that it has the time to come to rest.
func (i *inspection) healing() {
	if !i.sound("heal", "rest", "cluster.conductors") || i.Heal != HealCore {
		return
	}
	if i.Rest == 0 {
		i.report("heal", "write rest: 30s at the left edge",
			"a core cannot come to rest where no rest is asked for")
	}
	if i.Cluster.Conductors < 2 {
		i.report("heal", "write conductors: 2 or more under cluster, or heal: all",
			"nothing is outside the core of one conductor")
	}
}
