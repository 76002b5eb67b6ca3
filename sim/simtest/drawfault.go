package simtest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"derail/scenarios"
	"derail/sim/world"
)

// drawFaults draws the faults of a case. Each strikes for certain, once or a few times, from a moment on and
// at something named: then each is a piece of the case that can be taken away, and no strike is left to
// chance.
func drawFaults(t *rapid.T, c *Config, s *scenarios.Scenario) ([]scenarios.Fault, error) {
	pool := poolOf(c, s)
	if c.Faults == 0 || len(pool) == 0 {
		return nil, nil
	}
	one := rapid.Custom(func(t *rapid.T) scenarios.Fault { return drawFault(t, c, s, pool) })
	faults := seen(s, rapid.SliceOfN(one, 0, c.Faults).Draw(t, "faults"))
	if _, err := s.WithFaults(faults); err != nil {
		return nil, fmt.Errorf("these faults cannot be: %s: %w", scenarios.FormatFaults(faults), err)
	}
	return faults, nil
}

// seen is the faults without those of which nobody could see anything: a torn write, and a sync that was a
// lie, show when the power goes.
func seen(s *scenarios.Scenario, faults []scenarios.Fault) []scenarios.Fault {
	isLoss := func(f scenarios.Fault) bool { return f.Kind == scenarios.KindDiskPowerLoss }
	if slices.ContainsFunc(faults, isLoss) || slices.ContainsFunc(s.Faults, isLoss) {
		return faults
	}
	return slices.DeleteFunc(faults, func(f scenarios.Fault) bool {
		return f.Kind == scenarios.KindDiskTorn || f.Kind == scenarios.KindDiskLie
	})
}

// poolOf is the kinds of fault that can be in a case, those that need the least to be understood first.
func poolOf(c *Config, s *scenarios.Scenario) []scenarios.Kind {
	swarm := *s
	swarm.Swarm = &scenarios.Swarm{Kinds: c.Kinds}
	pool := swarm.SwarmKinds()
	slices.SortStableFunc(pool, func(a, b scenarios.Kind) int { return simplicity(a) - simplicity(b) })
	return pool
}

// simplicity is less for a kind that tells more by its name alone.
func simplicity(k scenarios.Kind) int {
	areas := []string{"node", "task", "storage", "lease", "network", "watch", "clock", "disk"}
	if at := slices.Index(areas, k.Area()); at >= 0 {
		return at
	}
	return len(areas)
}

// drawFault draws one fault.
func drawFault(t *rapid.T, c *Config, s *scenarios.Scenario, pool []scenarios.Kind) scenarios.Fault {
	kind := rapid.SampledFrom(kindNames(pool)).Draw(t, "kind")
	d := faultDraw{T: t, config: c, s: s}
	d.kind, _ = scenarios.FindKind(kind)
	f := scenarios.Fault{Kind: kind}
	latest := int(s.Break.Std()/tick) * 3 / 4 // some of the breaking phase is to be left
	moment := ticks(rapid.IntRange(0, max(latest, 0)).Draw(t, "at"))
	if d.kind.Timed {
		f.At = moment
	} else {
		d.window(&f, moment)
	}
	d.strength(&f)
	d.target(&f)
	f.Fill()
	return f
}

func kindNames(pool []scenarios.Kind) []string {
	names := make([]string, len(pool))
	for i := range pool {
		names[i] = pool[i].Name
	}
	return names
}

// faultDraw is a fault that is being drawn.
type faultDraw struct {
	*rapid.T
	config *Config
	s      *scenarios.Scenario
	kind   scenarios.Kind
}

func (d *faultDraw) takes(key string) bool { return slices.Contains(d.kind.Takes, key) }

// window says from when on a fault strikes whatever it can hit, and how often; 0 is every time until the
// breaking phase ends.
func (d *faultDraw) window(f *scenarios.Fault, from scenarios.Duration) {
	if d.takes("from") {
		f.From = from
	}
	if d.takes("times") {
		f.Times = rapid.SampledFrom([]int{1, 0, 2, 3}).Draw(d.T, "times")
	}
	if d.takes("rate") {
		f.Rate = scenarios.Whole
	}
	if d.kind.Name == scenarios.KindDiskPowerLoss && f.Times == 0 {
		f.Times = 1 // or nothing is ever written
	}
}

// strength says how long a fault lasts and how bad it is.
func (d *faultDraw) strength(f *scenarios.Fault) {
	longest := d.s.Break.Std() / 4
	if !d.kind.Timed && d.s.Rest > 0 { // what was sent when the faults end is to come well before the rest
		longest = min(longest, d.s.Rest.Std()/8)
	}
	comesBack := d.kind.Name == scenarios.KindNodeCrash || d.kind.Name == scenarios.KindNodeStop
	if d.takes("for") && !comesBack { // which it does when the cluster says, where nothing else is said
		f.For = d.span("for", longest)
	}
	if d.takes("by") {
		f.By = d.span("by", min(longest, 10*time.Second))
	}
	if d.takes("drift") {
		f.Drift = rapid.SampledFrom([]scenarios.Rate{1_000, 10_000, 90_000}).Draw(d.T, "drift")
	}
}

// span draws a length, which leaves nothing to be drawn in the run.
func (d *faultDraw) span(label string, longest time.Duration) scenarios.Span {
	length := rapid.SampledFrom([]time.Duration{
		time.Second, 10 * time.Millisecond, 100 * time.Millisecond, 4 * time.Second, 10 * time.Second,
	}).Draw(d.T, label)
	length = max(min(length, longest), time.Millisecond)
	return scenarios.Span{Low: scenarios.Duration(length), High: scenarios.Duration(length)}
}

// target says what a fault can hit, and in which of its forms it comes.
func (d *faultDraw) target(f *scenarios.Fault) {
	if len(d.kind.As) > 0 {
		f.As = rapid.SampledFrom(d.kind.As).Draw(d.T, "as")
	}
	if d.takes("point") {
		f.Point = rapid.SampledFrom(d.points(f.As)).Draw(d.T, "point")
	}
	if len(d.kind.Machines) > 0 && d.takes("nodes") {
		f.Nodes = d.machine()
	}
	if d.takes("way") {
		f.Way = rapid.SampledFrom([]string{
			scenarios.WayBoth, scenarios.WayRequests, scenarios.WayAnswers,
		}).Draw(d.T, "way")
	}
	if d.takes("answer") {
		f.Answer = rapid.SampledFrom([]string{scenarios.AnswerRefuse, scenarios.AnswerSilence}).Draw(d.T, "answer")
	}
	if d.takes("on") {
		f.On = []string{rapid.SampledFrom(operations()).Draw(d.T, "on")}
	}
	if d.takes("jobs") && d.kind.Area() == "task" {
		if n := d.upTo(d.config.Jobs, "job"); n > 0 {
			f.Jobs = []string{d.s.Jobs[(n-1)%len(d.s.Jobs)].Name}
		}
	}
}

// points are where code can fail in that way. A machine can crash at any step as well: that comes first, for
// nobody has to know a point of the code to understand it. A store that is no server has no steps.
func (d *faultDraw) points(as string) []string {
	named := world.Points()
	if as != scenarios.ErrorCrash || d.s.Cluster.Store != scenarios.StoreServer {
		return named
	}
	return append([]string{scenarios.PointStep}, named...)
}

// operations are those that calls can be limited to, the ones that decide the most first.
func operations() []string {
	all := scenarios.Operations()
	first := []string{scenarios.OpClaim, scenarios.OpConsume, scenarios.OpAbandon, scenarios.OpSave}
	return append(first, slices.DeleteFunc(all, func(op string) bool { return slices.Contains(first, op) })...)
}

// upTo draws a number from zero on. How many there are to choose from hangs on the configuration alone: with
// a conductor less, what was drawn for the others is to stay what it is.
func (d *faultDraw) upTo(most int, label string) int { return rapid.IntRange(0, most).Draw(d.T, label) }

// machine draws one that the kind can hit. None is all of them; a fault that strikes by the clock hits one.
func (d *faultDraw) machine() []string {
	n, most := 0, d.config.Conductors
	if slices.Contains(d.kind.Machines, scenarios.RoleClient) {
		n = d.upTo(most+1, "node")
	} else {
		n = d.upTo(most, "node")
	}
	switch {
	case n > most:
		return []string{scenarios.NodeClient}
	case n > 0:
		n = (n - 1) % d.s.Cluster.Conductors
	case !d.kind.Timed:
		return nil
	}
	return []string{fmt.Sprintf("%s-%d", scenarios.RoleConductor, n+1)}
}
