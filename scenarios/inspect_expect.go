package scenarios

import (
	"fmt"
	"slices"
)

func (i *inspection) expectation() {
	i.properties()
	for n, group := range i.Expect.TrashedOnly {
		i.group(fmt.Sprintf("expect.trashed-only[%d]", n), group)
	}
	if i.countable {
		i.counts()
	}
	i.reached()
}

// properties checks those that are expected to be broken: in every run, in some, or perhaps.
func (i *inspection) properties() {
	listed := map[string]string{}
	for _, list := range []struct {
		key   string
		names []string
	}{{"broken", i.Expect.Broken}, {"found", i.Expect.Found}, {"may-break", i.Expect.MayBreak}} {
		for n, property := range list.names {
			path := fmt.Sprintf("expect.%s[%d]", list.key, n)
			if !i.sound(path) {
				continue
			}
			if other := listed[property]; other != "" && other != list.key {
				i.report(path, "keep one of the two", "%s is in the list %s already", property, other)
				continue
			}
			listed[property] = list.key
			if property == PropertyRestReached && i.Rest == 0 && i.sound("rest") {
				i.report(path, "write rest: 30s at the left edge",
					"%s cannot be broken where no rest is asked for", property)
			}
		}
	}
}

// counts checks that there are as many jobs as are expected to end in some way.
func (i *inspection) counts() {
	expect, all := i.Expect, 0
	for _, one := range []struct {
		key   string
		count *int
	}{{"consumed", expect.Consumed}, {"trashed", expect.Trashed}} {
		if one.count == nil {
			continue
		}
		all += *one.count
		if all > i.total {
			i.report("expect."+one.key, fmt.Sprintf("write %d or less", i.total-all+*one.count),
				"%d jobs are expected to end, and there are %d", all, i.total)
			return
		}
	}
	if expect.Trashed == nil || expect.TrashedOnly == nil || !i.sound("expect.trashed-only") {
		return
	}
	may := 0
	for _, name := range expect.TrashedOnly {
		if !slices.Contains(i.groups, name) {
			return
		}
	}
	for _, group := range i.Jobs {
		if slices.Contains(expect.TrashedOnly, group.Name) {
			may += group.Count
		}
	}
	if *expect.Trashed > may {
		i.report("expect.trashed", fmt.Sprintf("write %d or less", may),
			"trashed is %d, and trashed-only allows %d", *expect.Trashed, may)
	}
}

// reached checks the names of what runs must have met.
func (i *inspection) reached() {
	if !i.soundInside("swarm") {
		return
	}
	here := i.reachable()
	for n, name := range i.Expect.Reached {
		path := fmt.Sprintf("expect.reached[%d]", n)
		if !i.sound(path) || here == nil || slices.Contains(here, name) {
			continue
		}
		_, kind := FindKind(name)
		switch {
		case kind || slices.Contains(i.opts.Points, name):
			i.report(path, "add such a fault, or leave it out", "no fault of this scenario is a %s", name)
		case i.opts.Marks != nil && !slices.Contains(i.opts.Marks, name):
			wrong := unknown("fault or mark", name, slices.Concat(here, i.opts.Marks))
			i.report(path, wrong.want, "%s", wrong.problem)
		}
	}
}

// reachable lists what the scenario's faults, and those that its swarm can draw, are counted under; nil
// where a fault could not be read.
func (i *inspection) reachable() []string {
	here := []string{}
	add := func(names ...string) {
		for _, name := range names {
			if !slices.Contains(here, name) {
				here = append(here, name)
			}
		}
	}
	for n, fault := range i.Faults {
		if !i.sound(fmt.Sprintf("faults[%d].kind", n)) {
			return nil
		}
		add(fault.Reached()...)
		if fault.Point == PointAny {
			add(i.opts.Points...)
		}
	}
	for _, kind := range i.SwarmKinds() {
		add(kind.Reached)
		if kind.Name == KindCodeFailpoint {
			add(i.opts.Points...)
		}
	}
	return here
}
