package fault_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

// TestTakingAFaultAway: the draws of all other faults stay at their addresses, and each decides about
// the same call as before.
func TestTakingAFaultAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		area := rapid.SampledFrom(slices.Sorted(maps.Keys(kindsOf))).Draw(t, "area")
		faults := rapid.SliceOfNDistinct(anyFault(area), 2, 6, func(f scenarios.Fault) string {
			f.Rate, f.For, f.By, f.Drift, f.Alive = 0, scenarios.Span{}, scenarios.Span{}, 0, 0 // no part of a stream's name
			return fmt.Sprintf("%+v", f)
		}).Draw(t, "faults")
		away := rapid.IntRange(0, len(faults)-1).Draw(t, "away")
		asks := rapid.SliceOfN(anyAsk(area), 1, 60).Draw(t, "asks")
		whole := record(t, faults, asks)
		rest := record(t, slices.Delete(slices.Clone(faults), away, away+1), asks)
		own := map[string]bool{}
		for at := range whole {
			if _, there := rest[at]; !there {
				stream := strings.Fields(at)[1]
				for _, suffix := range []string{":for", ":alive"} {
					stream = strings.TrimSuffix(stream, suffix)
				}
				own[stream] = true
			}
		}
		if len(own) > 1 {
			t.Fatalf("taking %+v away silenced %v", faults[away], own)
		}
		for at, value := range rest {
			if whole[at] != value {
				t.Fatalf("%s is %s with %+v and %s without", at, whole[at], faults[away], value)
			}
		}
	})
}

// record puts the questions, and returns every draw by the question, its stream and its number.
func record(t *rapid.T, faults []scenarios.Fault, asks []ask) map[string]string {
	p, err := fault.Compile(scenario(faults...), nodes)
	if err != nil {
		t.Fatal(err)
	}
	draws := map[string]string{}
	asked := 0
	seeded := choice.Seeded(1)
	in := fault.NewInjector(p, nodes, choice.FromFunc(func(at choice.Address, n uint64) uint64 {
		value := seeded.Stream(at.Stream, at.Entity).Draw(n)
		draws[fmt.Sprint(asked, " ", at.Stream, " ", at.Entity, " ", at.N)] = fmt.Sprint(value, "/", n)
		return value
	}))
	for asked = range asks {
		asks[asked].put(in)
	}
	return draws
}

// kindsOf are the kinds of fault that meet in one decision.
var kindsOf = map[string][]string{
	"storage": {
		scenarios.KindStorageRefused, scenarios.KindStorageUnknownApplied, scenarios.KindStorageSlow,
		scenarios.KindStorageUnknownLater, scenarios.KindStorageUnknownLost, scenarios.KindStorageStale,
		scenarios.KindLeaseLate,
	},
	"message": {
		scenarios.KindNetworkDelay, scenarios.KindNetworkLoss, scenarios.KindNetworkRepeat,
		scenarios.KindNetworkReorder,
	},
	"watch": {
		scenarios.KindWatchLag, scenarios.KindWatchRepeat, scenarios.KindWatchDrop, scenarios.KindWatchRestart,
	},
	"boot": {scenarios.KindClockSkew, scenarios.KindClockDrift},
	"disk": {
		scenarios.KindDiskPowerLoss, scenarios.KindDiskLie, scenarios.KindDiskSyncError,
		scenarios.KindDiskReadError, scenarios.KindDiskSlow,
	},
	"task":  {scenarios.KindTaskError, scenarios.KindTaskSlow, scenarios.KindTaskPanic},
	"point": {scenarios.KindCodeFailpoint},
}

func anyFault(area string) *rapid.Generator[scenarios.Fault] {
	return rapid.Custom(func(t *rapid.T) scenarios.Fault {
		some := func(label string, among ...string) []string {
			return slices.Compact(rapid.SliceOfN(rapid.SampledFrom(among), 0, 2).Draw(t, label))
		}
		one := func(label string, among ...string) string { return rapid.SampledFrom(among).Draw(t, label) }
		f := scenarios.Fault{
			Kind:  one("kind", kindsOf[area]...),
			Rate:  rapid.SampledFrom([]scenarios.Rate{1, 300_000, scenarios.Whole}).Draw(t, "rate"),
			Nodes: some("nodes", nodes[1:]...),
		}
		switch area {
		case "point":
			f.Point = one("point", "p", "q", scenarios.PointAny)
			f.As = one("as", scenarios.ErrorCrash, scenarios.ErrorReturned)
			f.Alive = rapid.SampledFrom([]scenarios.Rate{0, 500_000, scenarios.Whole}).Draw(t, "alive")
		case "storage":
			f.On = some("on", scenarios.OpClaim, scenarios.OpSave, scenarios.OpList)
			f.Jobs = some("jobs", "a", "b")
		case "message":
			f.Way = one("way", "", scenarios.WayRequests, scenarios.WayAnswers)
		case "boot":
			f.As = one("as", scenarios.ClockFast, scenarios.ClockSlow)
			f.By, f.Drift = span(1, 100), 7
		case "task":
			f.Jobs = some("jobs", "a", "b")
			f.Tasks = slices.Compact(rapid.SliceOfN(rapid.IntRange(1, 2), 0, 2).Draw(t, "tasks"))
		}
		kind, _ := scenarios.FindKind(f.Kind)
		if slices.Contains(kind.Takes, "for") {
			f.For = span(1, 100)
		}
		return f
	})
}

func anyAsk(area string) *rapid.Generator[ask] {
	return rapid.Custom(func(t *rapid.T) ask {
		ops := []string{"", scenarios.OpClaim, scenarios.OpSave, scenarios.OpList, scenarios.OpRenew}
		return ask{
			of:    area,
			node:  rapid.IntRange(1, 3).Draw(t, "node"),
			group: rapid.IntRange(0, 1).Draw(t, "group"),
			op:    rapid.SampledFrom(ops).Draw(t, "op"),
			way:   rapid.SampledFrom([]fault.Way{fault.Requests, fault.Answers}).Draw(t, "way"),
			disk:  rapid.SampledFrom([]fault.DiskOp{fault.DiskRead, fault.DiskWrite, fault.DiskSync}).Draw(t, "disk"),
			task:  rapid.IntRange(1, 2).Draw(t, "task"),
			point: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "point"),
		}
	})
}
