package explore

import (
	"slices"
	"testing"

	"derail/checker/history"
)

// story is a history of one job: it is posted, claimed, its task runs, and its claim ends in that way.
func story(more ...history.Record) *history.History {
	r := history.NewRecorder(history.Header{})
	client, one := r.Process("client-1"), r.Process("conductor-1")
	job := r.Job("orders-1")
	r.Append(history.Record{Type: history.Invoke, Kind: history.Post, Process: client, Job: job})
	r.Append(history.Record{Type: history.OK, Kind: history.Post, Process: client, Job: job, Call: 1})
	r.Append(history.Record{Type: history.Invoke, Kind: history.Claim, Process: one, Job: job})
	r.Append(history.Record{
		Type: history.OK, Kind: history.Claim, Process: one, Job: job, Call: 3, Epoch: 1, Attempt: 1,
	})
	r.Append(history.Record{
		Type: history.Event, Kind: history.Move, Process: one, Job: job, Subject: "task-1", From: "PENDING",
		To: "RUNNING",
	})
	for _, record := range more {
		r.Append(record)
	}
	return r.History()
}

func featuresOf(h *history.History, marks ...int64) []Feature { return new(scout).features(h, marks) }

// beyond is what the first reaches and the second does not.
func beyond(one, other []Feature) (more []Feature) {
	for _, f := range one {
		if _, is := slices.BinarySearch(other, f); !is {
			more = append(more, f)
		}
	}
	return more
}

// What a run reaches tells apart what is worth telling apart, and nothing else.
func TestFeatures(t *testing.T) {
	const conductor, job = 1, 0
	fault := history.Record{
		Type: history.Event, Kind: history.Fault, Process: conductor, Job: history.None, Reason: "node.pause",
	}
	elsewhere := fault
	elsewhere.Process = 0
	later := fault
	later.At = 5e9
	end := history.Record{Type: history.Event, Kind: history.LeaseEnd, Process: 0, Job: job, Epoch: 1}
	move := history.Record{
		Type: history.Event, Kind: history.Move, Process: conductor, Job: job, Subject: "task-2",
		From: "PENDING", To: "RUNNING",
	}
	plain := featuresOf(story())
	if !slices.IsSorted(plain) || len(slices.Compact(slices.Clone(plain))) != len(plain) || len(plain) == 0 {
		t.Fatalf("%v is not each feature once, in order", plain)
	}
	for name, c := range map[string]struct {
		one, other *history.History
		differ     bool
	}{
		"a fault":                            {story(fault), story(), true},
		"whom a fault met":                   {story(elsewhere), story(fault), false},
		"in which state a fault met the job": {story(fault, end), story(end, fault), true},
		"the end of a lease":                 {story(end), story(), true},
		"which of several tasks it was":      {story(move), story(), false},
		"when it was":                        {story(later), story(fault), false},
	} {
		if more := beyond(featuresOf(c.one), featuresOf(c.other)); (len(more) > 0) != c.differ {
			t.Errorf("%s: new are %v, want any: %v", name, more, c.differ)
		}
	}
}

// A mark counts by its magnitude: five times is like six times, and not like once.
func TestFeaturesOfMarks(t *testing.T) {
	once, five, six := featuresOf(story(), 0, 1), featuresOf(story(), 0, 5), featuresOf(story(), 0, 6)
	if len(beyond(once, featuresOf(story(), 0, 0))) != 1 || len(beyond(five, once)) != 1 ||
		len(beyond(six, five)) != 0 || len(beyond(featuresOf(story(), 5, 0), five)) != 1 {
		t.Error("marks are not told apart by their magnitudes")
	}
}
