package scenarios

import (
	"cmp"
	"slices"
	"strings"
)

// Area is the part of the kind's name that it shares with those of its kin: network, disk, task.
func (k Kind) Area() string {
	area, _, _ := strings.Cut(k.Name, ".")
	return area
}

// Areas lists the areas of the kinds, in the order of the kinds.
func Areas() []string {
	var areas []string
	for _, kind := range kinds {
		if area := kind.Area(); !slices.Contains(areas, area) {
			areas = append(areas, area)
		}
	}
	return areas
}

// fits says that the kind can be had where that is the store; the one that it is when nothing is said has
// no name in a scenario that was made in Go.
func (k Kind) fits(store string) bool { return k.Store == "" || k.Store == cmp.Or(store, StoreServer) }

// SwarmKinds lists the kinds that the scenario's swarm draws from, in the order of [Kinds]; none where it
// has no swarm.
//
// What breaks an assumption is among them only by its own name: it was asked for then. What could not do
// anything is not: a write is torn, and a disk has lied, only when the power goes; and what hangs for ever
// keeps everything from coming to rest.
func (s *Scenario) SwarmKinds() []Kind {
	if s.Swarm == nil {
		return nil
	}
	var pool []Kind
	for _, kind := range kinds {
		if kind.fits(s.Cluster.Store) && s.Swarm.asksFor(kind) && (kind.Name != KindTaskHang || s.endsHangs()) {
			pool = append(pool, kind)
		}
	}
	if !s.losesPower(pool) {
		pool = slices.DeleteFunc(pool, needsPowerLoss)
	}
	return pool
}

func (w *Swarm) asksFor(kind Kind) bool {
	if slices.Contains(w.Kinds, kind.Name) {
		return true
	}
	return kind.Breaks == "" && (len(w.Kinds) == 0 || slices.Contains(w.Kinds, kind.Area()))
}

// endsHangs says that a task which hangs does not keep the system from coming to rest.
func (s *Scenario) endsHangs() bool { return s.Cluster.RunLimit > 0 || s.Rest == 0 }

// losesPower says that a fault of the scenario, or one of those kinds, takes the power from the disk.
func (s *Scenario) losesPower(pool []Kind) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == KindDiskPowerLoss }) ||
		slices.ContainsFunc(pool, func(k Kind) bool { return k.Name == KindDiskPowerLoss })
}

// needsPowerLoss says that nobody would ever see anything of such a fault if the power did not go.
func needsPowerLoss(kind Kind) bool { return kind.Name == KindDiskTorn || kind.Name == KindDiskLie }
