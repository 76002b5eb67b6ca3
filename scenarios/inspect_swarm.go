package scenarios

import (
	"fmt"
	"slices"
)

// swarm checks what faults are to be drawn from.
func (i *inspection) swarm() {
	const path = "swarm.kinds"
	if i.Swarm == nil || !i.given(path) || !i.sound(path, "cluster.store") {
		return
	}
	if len(i.Swarm.Kinds) == 0 {
		i.report(path, "name at least one, or leave the key out to mean all", "kinds is empty")
	}
	before := len(i.problems)
	for n, name := range i.Swarm.Kinds {
		if at := fmt.Sprintf("%s[%d]", path, n); i.sound(at) {
			i.swarmKind(at, name)
		}
	}
	if len(i.problems) > before || !i.soundInside(path) {
		return
	}
	for n, name := range i.Swarm.Kinds {
		kind, _ := FindKind(name)
		at := fmt.Sprintf("%s[%d]", path, n)
		switch {
		case needsPowerLoss(kind):
			if i.soundInside("faults") && !i.losesPower(i.SwarmKinds()) {
				i.withoutPowerLoss(at, kind, "add "+KindDiskPowerLoss+" to the list")
			}
		case name == KindTaskHang && i.sound("rest", "cluster.run-limit") && !i.endsHangs():
			i.report(at, "write run-limit: 10s under cluster, or leave it out",
				"what hangs for ever keeps the system from coming to rest")
		}
	}
}

// swarmKind checks a name in the list: of a kind or of an area.
func (i *inspection) swarmKind(path, name string) {
	if kind, is := FindKind(name); is {
		switch {
		case !kind.fits(i.Cluster.Store):
			i.anotherStore(path, kind)
		case kind.Breaks == "" && slices.Contains(i.Swarm.Kinds, kind.Area()):
			i.report(path, "leave it out", "%s is one of %s, which is in the list", name, kind.Area())
		}
		return
	}
	if !slices.Contains(Areas(), name) {
		wrong := unknown("kind or area", name, slices.Concat(Areas(), kindNames()))
		i.report(path, wrong.want, "%s", wrong.problem)
		return
	}
	var fit, safe bool
	for _, kind := range kinds {
		if kind.Area() == name && kind.fits(i.Cluster.Store) {
			fit, safe = true, safe || kind.Breaks == ""
		}
	}
	switch {
	case !fit:
		i.report(path, "leave it out, or write another store under cluster",
			"no kind of %s can be had where store is %s", name, i.Cluster.Store)
	case !safe:
		i.report(path, "name the kinds themselves", "each kind of %s breaks an assumption", name)
	}
}

// anotherStore reports a kind that the cluster's store cannot have.
func (i *inspection) anotherStore(path string, kind Kind) {
	i.report(path, fmt.Sprintf("write store: %s under cluster, or another kind", kind.Store),
		"%s cannot happen where store is %s", kind.Name, i.Cluster.Store)
}

// withoutPowerLoss reports a kind of which nothing could ever be seen.
func (i *inspection) withoutPowerLoss(path string, kind Kind, want string) {
	i.report(path, want, "%s shows only when the power goes, and no %s takes it", kind.Name, KindDiskPowerLoss)
}
