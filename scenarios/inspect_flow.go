package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// What a flow may measure. What a run's history says of a flow grows with the square of it.
const (
	mostAtoms = 200
	mostFlows = 8 // inside each other
	mostLinks = 1000
)

// flowInspection looks at the flow of one group of jobs.
type flowInspection struct {
	*inspection
	lines map[string]int // where each name stands
	atoms int
	links int
}

// flow checks the flow of a group of jobs.
func (i *inspection) flow(path string, group *Jobs) {
	for _, key := range besideFlow {
		if below := path + "." + key; i.given(below) {
			i.add(i.places[below].key, fmt.Sprintf("a group with a flow does not take the key %s", quoted(key)),
				"leave it out, or leave flow out")
		}
	}
	f := flowInspection{inspection: i, lines: map[string]int{}}
	below := path + ".flow"
	if i.sound(path + ".name") {
		f.lines[group.Name] = i.spotFor(path + ".name").line
	}
	f.inside(below, group.Flow)
	f.linked(below, group.Flow)
}

// inside checks a flow and all that is in it.
func (f *flowInspection) inside(path string, flow *Flow) {
	if !f.sound(path) {
		return
	}
	if flow.Retry != nil {
		f.retry(path+".retry", flow.Retry)
	}
	if at := path + ".items"; len(flow.Items) == 0 && f.sound(at) && f.given(at) {
		f.report(at, "write at least one, beginning with - task: NAME", "there are no items")
	}
	for n := range flow.Items {
		f.item(fmt.Sprintf("%s.items[%d]", path, n), &flow.Items[n])
	}
}

// The keys that an item has only as a task, or only as a flow.
var (
	ofTask = []string{"priority"}
	ofFlow = []string{"pattern", "retry", "items", "links"}
)

func (f *flowInspection) item(path string, item *Item) {
	task, flow := f.given(path+".task"), f.given(path+".flow")
	switch {
	case !f.sound(path):
	case task && flow:
		f.add(f.places[path+".flow"].key, "an item that is a task and a flow", "keep one of the two")
	case !task && !flow:
		if f.sound(path+".task", path+".flow") {
			f.report(path, "write task: NAME or flow: NAME", "an item that is neither a task nor a flow")
		}
	case task:
		f.without(path, "a task", ofFlow)
		f.own(path+".task", item.Task)
		f.atom(path)
	default:
		f.without(path, "a flow", ofTask)
		f.own(path+".flow", item.Flow)
		if below := path + ".items"; !f.given(below) && f.sound(below) {
			f.report(path, "write items: and below it - task: NAME", "a flow without items")
		}
		if inner := item.Inner(); inner != nil { // flow: without a name, which has been said
			f.inside(path, inner)
		}
	}
}

// without refuses keys that mean nothing for what the item is.
func (f *flowInspection) without(path, what string, keys []string) {
	for _, key := range keys {
		if below := path + "." + key; f.given(below) {
			takes := slices.DeleteFunc(keysOf(reflect.TypeFor[Item]()), func(key string) bool {
				return slices.Contains(keys, key) || key == "task" || key == "flow"
			})
			f.add(f.places[below].key, fmt.Sprintf("%s does not take the key %s", what, quoted(key)),
				"it takes "+strings.Join(takes, ", "))
		}
	}
}

// own checks the name of something in a flow, which nothing else in it may have.
func (f *flowInspection) own(path, name string) {
	f.name(path, name)
	if !f.sound(path) || name == "" {
		return
	}
	if line, taken := f.lines[name]; taken {
		f.report(path, "give all tasks, flows and retries of a group names of their own",
			"the name %s is taken in line %d", quoted(name), line)
		return
	}
	f.lines[name] = f.spotFor(path).line
}

// atom counts a task or a retry.
func (f *flowInspection) atom(path string) {
	if f.atoms++; f.atoms == mostAtoms+1 {
		f.report(path, fmt.Sprintf("write %d or less", mostAtoms), "too many tasks and retries in one flow")
	}
}

func (f *flowInspection) retry(path string, retry *Retry) {
	if !f.sound(path, path+".kind") {
		return
	}
	f.atom(path)
	if at := path + ".name"; f.given(at) {
		f.own(at, retry.Name)
	}
	tries := retry.Kind != RetryRevert && retry.Kind != RetryRevertAll
	for _, key := range []string{"attempts", "revert-all"} {
		if below := path + "." + key; f.given(below) && !tries {
			f.add(f.places[below].key, fmt.Sprintf("a retry of kind %s does not take the key %s", retry.Kind,
				quoted(key)), "it takes name")
		}
	}
	if at := path + ".attempts"; tries && !f.given(at) && f.sound(at) {
		f.report(path+".kind", "write attempts: 3", `a retry of kind %s needs the key "attempts"`, retry.Kind)
	}
}

// linked checks the links in a flow and in all that it holds, once all names are known.
func (f *flowInspection) linked(path string, flow *Flow) {
	var ways []way
	for n := range flow.Items {
		item, at := &flow.Items[n], fmt.Sprintf("%s.items[%d]", path, n)
		if inner := item.Inner(); inner != nil && f.sound(at) {
			f.linked(at, inner)
		}
		for k, from := range item.After {
			fromAt := fmt.Sprintf("%s.after[%d]", at, k)
			ways = append(ways, way{from: from, to: item.Name(), fromAt: fromAt, toAt: at})
		}
	}
	if !f.sound(path + ".pattern") {
		return
	}
	for n := range flow.Items {
		f.onlyInGraph(fmt.Sprintf("%s.items[%d].after", path, n), "after", len(flow.Items[n].After), flow)
	}
	f.onlyInGraph(path+".links", "links", len(flow.Links), flow)
	for n, link := range flow.Links {
		at := fmt.Sprintf("%s.links[%d]", path, n)
		if f.given(at+".depth") && !f.given(at+".when") && f.sound(at+".when") {
			f.add(f.places[at+".depth"].key, "a depth without a decider", "write when: false, or leave depth out")
		}
		if f.sound(at, at+".from", at+".to") {
			ways = append(ways, way{from: link.From, to: link.To, fromAt: at + ".from", toAt: at + ".to"})
		}
	}
	if flow.Pattern == PatternGraph {
		f.ways(flow, ways)
	}
}

// onlyInGraph refuses links where the flow is no graph, and a list of none.
func (f *flowInspection) onlyInGraph(path, key string, count int, flow *Flow) {
	switch {
	case !f.given(path):
	case flow.Pattern != PatternGraph:
		problem := fmt.Sprintf("a flow that is %s does not take the key %s", flow.Pattern, quoted(key))
		f.add(f.places[path].key, problem, "make it pattern: graph, or leave "+key+" out")
	case count == 0 && f.sound(path):
		f.report(path, "name at least one, or leave the key out", "%s is empty", key)
	}
}

// way is a link with the places of its ends.
type way struct{ from, to, fromAt, toAt string }

// ways checks the links of a graph flow.
func (f *flowInspection) ways(flow *Flow, ways []way) {
	var names []string
	for n := range flow.Items {
		if name := flow.Items[n].Name(); name != "" {
			names = append(names, name)
		}
	}
	next := map[string][]string{}
	for _, one := range ways {
		if f.links++; f.links > mostLinks {
			if f.links == mostLinks+1 {
				f.report(one.fromAt, fmt.Sprintf("write %d or less", mostLinks), "too many links in one flow")
			}
			return
		}
		switch {
		case !f.end(one.fromAt, one.from, names) || !f.end(one.toAt, one.to, names):
		case slices.Contains(next[one.from], one.to):
			f.report(one.fromAt, "keep one of the two", "%s and %s are linked already",
				quoted(one.from), quoted(one.to))
		default:
			if path := pathBetween(next, one.to, one.from); path != nil {
				f.report(one.fromAt, "take one of these links out",
					"no order is possible: %s", chained(append(path, one.to)))
				continue
			}
			next[one.from] = append(next[one.from], one.to)
		}
	}
}

// end checks that an end of a link is in the flow. What has no name was reported already.
func (f *flowInspection) end(path, name string, names []string) bool {
	if !f.sound(path) || name == "" {
		return false
	}
	if slices.Contains(names, name) {
		return true
	}
	if line, elsewhere := f.lines[name]; elsewhere {
		f.report(path, "link what is in this flow: "+oneOf(names),
			"%s (line %d) is not in this flow", quoted(name), line)
		return false
	}
	wrong := unknown("item", name, names)
	f.report(path, wrong.want, "%s", wrong.problem)
	return false
}

// chained tells a path by the names on it, cut where nobody would read on.
func chained(path []string) string {
	const most = 8
	if more := len(path) - most; more > 0 {
		left := fmt.Sprintf("(%d more)", more+1)
		path = append(append(slices.Clone(path[:most-2]), left), path[len(path)-1])
	}
	return strings.Join(path, " -> ")
}

// pathBetween is the names on a shortest way from one name to another, both included, or nil.
func pathBetween(next map[string][]string, from, to string) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == to {
			path := []string{}
			for at := to; at != ""; at = before[at] {
				path = append(path, at)
			}
			slices.Reverse(path)
			return path
		}
		for _, one := range next[queue[0]] {
			if _, seen := before[one]; !seen {
				before[one] = queue[0]
				queue = append(queue, one)
			}
		}
	}
	return nil
}
