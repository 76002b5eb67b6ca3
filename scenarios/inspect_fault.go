package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// faults checks each fault, and what one needs of the others.
func (i *inspection) faults() {
	for n := range i.Faults {
		i.fault(fmt.Sprintf("faults[%d]", n), &i.Faults[n])
	}
	if !i.soundInside("faults") || !i.soundInside("swarm") || i.losesPower(i.SwarmKinds()) {
		return
	}
	for n := range i.Faults {
		if kind, _ := FindKind(i.Faults[n].Kind); needsPowerLoss(kind) && kind.fits(i.Cluster.Store) {
			i.withoutPowerLoss(fmt.Sprintf("faults[%d].kind", n), kind, "add such a fault, or leave this one out")
		}
	}
}

// fault checks one fault against what its kind takes and against the rest of the scenario.
func (i *inspection) fault(path string, fault *Fault) {
	kind, known := FindKind(fault.Kind)
	if !known || !i.sound(path, path+".kind") {
		return
	}
	if i.sound("cluster.store") && !kind.fits(i.Cluster.Store) {
		i.anotherStore(path+".kind", kind)
		return
	}
	i.takes(path, kind)
	if kind.Timed && i.sound("break", path+".at") && i.given(path+".at") && fault.At >= i.Break {
		i.beyondBreak(path+".at", "at", fault.At)
	}
	i.active(path, fault)
	for n, node := range fault.Nodes {
		i.node(fmt.Sprintf("%s.nodes[%d]", path, n), kind, node)
	}
	for n, group := range fault.Jobs {
		i.group(fmt.Sprintf("%s.jobs[%d]", path, n), group)
	}
	i.tasks(path+".tasks", fault)
	for _, key := range []string{"on", "nodes", "jobs", "tasks", "records"} {
		i.notEmpty(path+"."+key, key, fault)
	}
	i.point(path+".point", fault)
	i.choice(path, kind, fault)
	i.drift(path+".drift", fault)
	if at := path + ".as"; len(kind.As) > 0 && i.sound(at) && !slices.Contains(kind.As, fault.As) {
		i.report(at, unknown("", fault.As, kind.As).want, "%s cannot be as %s", kind.Name, quoted(fault.As))
	}
}

func (i *inspection) point(path string, fault *Fault) {
	name := fault.Point
	switch {
	case !i.given(path) || !i.sound(path):
	case name == "":
		i.report(path, "write the name of a failpoint", "point is empty")
	case name == PointStep:
		i.step(path, fault)
	case i.opts.Points != nil && name != PointAny && !slices.Contains(i.opts.Points, name):
		wrong := unknown("failpoint", name, i.opts.Points)
		i.report(path, wrong.want, "%s", wrong.problem)
	}
}

// step checks a fault that strikes at steps.
func (i *inspection) step(path string, fault *Fault) {
	of := strings.TrimSuffix(path, "point")
	switch {
	case fault.As != ErrorCrash && i.sound(of+"as"):
		i.report(path, "add as: "+ErrorCrash, "at a step there is no code that an error could be given to")
	case i.given(of + "alive"):
		i.report(of+"alive", "leave alive out", "steps are no points that a run could have alive or not")
	case i.sound("cluster.store") && i.Cluster.Store != StoreServer:
		i.report(path, "name a failpoint", "steps are calls to a server, and cluster.store is %s", i.Cluster.Store)
	}
}

// choice checks that there is a choice between machines where the fault says how to choose.
func (i *inspection) choice(path string, kind Kind, fault *Fault) {
	at := path + ".hits"
	more := fault.Hits == HitsAll || fault.Hits == HitsInTurn
	if !more || !slices.Contains(kind.Takes, "hits") || !i.sound(at, path+".nodes", "cluster.conductors") {
		return
	}
	if len(fault.Nodes) == 1 || len(fault.Nodes) == 0 && i.Cluster.Conductors == 1 {
		i.add(i.places[at].key, "hits: "+fault.Hits+" means more than one machine, and this can hit only one",
			"leave it out, or name more in nodes")
	}
}

// slowest is how slow a clock may be: by more than that the store's clock would run more than a tenth
// faster, which is what assumption A3 of package core allows.
const slowest = Whole / 100 * 9

func (i *inspection) drift(path string, fault *Fault) {
	if i.sound(path) && fault.As == ClockSlow && fault.Drift > slowest {
		i.report(path, fmt.Sprintf("write %s or less", slowest),
			"by a clock that is slow by %s leases end too early (A3)", fault.Drift)
	}
}

// needed are examples of the keys that a kind can need.
var needed = map[string]string{
	"rate": "10%", "at": "10s", "for": "2s", "by": "500ms", "drift": "1%", "point": "NAME",
}

// takes checks that the fault has the keys that its kind needs, and none that mean nothing to it.
func (i *inspection) takes(path string, kind Kind) {
	for _, key := range keysOf(reflect.TypeFor[Fault]()) {
		below := path + "." + key
		switch {
		case key == "kind":
		case i.given(below) && !slices.Contains(kind.Takes, key):
			i.add(i.places[below].key, fmt.Sprintf("%s does not take the key %s", kind.Name, quoted(key)),
				"it takes "+strings.Join(kind.Takes, ", "))
		case slices.Contains(kind.Needs, key) && !i.given(below) && i.sound(below):
			i.report(path+".kind", "write "+key+": "+needed[key],
				"%s needs the key %s", kind.Name, quoted(key))
		}
	}
}

// active checks the time in which a fault with a chance can strike.
func (i *inspection) active(path string, fault *Fault) {
	from, until := path+".from", path+".until"
	if i.sound("break", from) && i.given(from) && fault.From >= i.Break {
		i.beyondBreak(from, "from", fault.From)
	}
	if !i.given(until) || !i.sound(from, until) {
		return
	}
	switch {
	case i.sound("break") && fault.Until > i.Break && !fault.Forever:
		i.report(until, fmt.Sprintf("write %s or less, or add forever: true", i.Break),
			"until %s is beyond the breaking phase of %s", fault.Until, i.Break)
	case fault.Until <= fault.From:
		i.report(until, fmt.Sprintf("write more than %s", fault.From),
			"until %s is not after from %s", fault.Until, fault.From)
	}
}

// node checks that there is such a machine and that the kind can hit it.
func (i *inspection) node(path string, kind Kind, name string) {
	if !i.sound(path, "cluster.conductors") || len(kind.Machines) == 0 {
		return
	}
	role := i.roleOf(name)
	if slices.Contains(kind.Machines, role) {
		return
	}
	may := "write " + i.machines(kind)
	switch {
	case role != "":
		i.report(path, may, "%s cannot hit %s", kind.Name, name)
	case strings.HasPrefix(name, "conductor-"):
		i.report(path, may, "there is no %s", quoted(name))
	default:
		wrong := unknown("machine", name, []string{"conductor-1", NodeClient, NodeStore})
		if strings.HasPrefix(wrong.want, "write") {
			wrong.want = may
		}
		i.report(path, wrong.want, "%s", wrong.problem)
	}
}

// roleOf is the role of the machine with that name, or "" where there is none.
func (i *inspection) roleOf(name string) string {
	switch name {
	case NodeClient:
		return RoleClient
	case NodeStore:
		return RoleStore
	}
	digits, conductor := strings.CutPrefix(name, "conductor-")
	number, err := strconv.Atoi(digits)
	exact := conductor && err == nil && strconv.Itoa(number) == digits
	if exact && 1 <= number && number <= i.Cluster.Conductors {
		return RoleConductor
	}
	return ""
}

// machines says which machines the kind can hit.
func (i *inspection) machines(kind Kind) string {
	text := "conductor-1"
	if i.Cluster.Conductors > 1 {
		text = fmt.Sprintf("conductor-1 to conductor-%d", i.Cluster.Conductors)
	}
	if slices.Contains(kind.Machines, RoleClient) {
		text += ", or " + NodeClient
	}
	return text
}

// tasks checks that one of the jobs that the fault can hit has such tasks.
func (i *inspection) tasks(path string, fault *Fault) {
	if !i.countable || !i.sound(path) {
		return
	}
	most := 0
	for _, group := range i.Jobs {
		if len(fault.Jobs) == 0 || slices.Contains(fault.Jobs, group.Name) {
			most = max(most, group.Tasks)
		}
	}
	for n, task := range fault.Tasks {
		if at := fmt.Sprintf("%s[%d]", path, n); task > most && most > 0 && i.sound(at) {
			i.report(at, fmt.Sprintf("write %d or less", most),
				"no job that this can hit has a task %d", task)
		}
	}
}

// notEmpty refuses an empty list where none at all would mean everything.
func (i *inspection) notEmpty(path, key string, fault *Fault) {
	empty := map[string]bool{
		"on": len(fault.On) == 0, "nodes": len(fault.Nodes) == 0,
		"jobs": len(fault.Jobs) == 0, "tasks": len(fault.Tasks) == 0, "records": len(fault.Records) == 0,
	}
	if i.given(path) && i.sound(path) && empty[key] {
		i.report(path, "name at least one, or leave the key out to mean all", "%s is empty", key)
	}
}
