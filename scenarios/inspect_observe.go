package scenarios

import "fmt"

// promises checks that what is promised can be kept.
func (i *inspection) promises() {
	within, idle := i.Promise.ClaimWithin, i.Cluster.Idle
	if i.sound("promise.claim-within", "cluster.idle") && within > 0 && within < idle {
		i.report("promise.claim-within", fmt.Sprintf("write %s or more", idle),
			"a job is to be claimed within %s, and a conductor that found none rests for %s", within, idle)
	}
	i.promisesInTrouble()
	path := "promise.overtaken"
	if !i.sound(path) || i.Promise.Overtaken == 0 {
		return
	}
	if all, known := i.jobsInAll(); known && i.Promise.Overtaken >= all {
		i.report(path, "write less, or more jobs", "%d jobs cannot be overtaken by %d", all, i.Promise.Overtaken)
	}
}

// promisesInTrouble checks that it can be told when no fault is at work.
func (i *inspection) promisesInTrouble() {
	troubled := len(i.Faults) > 0 || i.Swarm != nil
	if i.Promise != (Promise{}) && troubled && i.Rest == 0 && i.sound("rest", "faults", "swarm", "promise") {
		i.report("promise", "write rest: 30s at the left edge, or leave promise out",
			"what is promised holds while no fault is at work, and without a rest faults never end")
	}
}

// jobsInAll is how many jobs there are, if all counts could be read.
func (i *inspection) jobsInAll() (all int, known bool) {
	for n, group := range i.Jobs {
		if !i.sound(fmt.Sprintf("jobs[%d].count", n)) {
			return 0, false
		}
		all += group.Count
	}
	return all, i.sound("jobs")
}

// observers checks that whoever looks on has something to do.
func (i *inspection) observers() {
	const path = "observe"
	if i.Observe == nil || !i.sound(path, path+".readers", path+".listeners") {
		return
	}
	switch o := i.Observe; {
	case o.Readers == 0 && i.given(path+".reads"):
		i.add(i.places[path+".reads"].key, "nobody reads", "write readers: 2, or leave reads out")
	case o.Readers == 0 && !o.Listeners:
		i.report(path, "write readers: 2 or listeners: true below it, or leave it out", "nobody looks on")
	}
}
