package world

import (
	"slices"
	"strings"

	"derail/checker/history"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/scenarios"
)

// corrupt flips a bit of a record: of which kind of record, of which record and which bit are drawn. Where
// no record of any of the kinds is there, nothing happens.
func (s *strike) corrupt() {
	w := s.world
	kinds := s.timed.Records
	if len(kinds) == 0 {
		kinds = scenarios.RecordKinds()
	}
	var keys [][]string // by kind of record, of those that there are
	for _, kind := range kinds {
		if some := w.recordsOf(kind, s.timed.Groups); len(some) > 0 {
			keys = append(keys, some)
		}
	}
	if len(keys) == 0 {
		return
	}
	of := keys[s.stream.Draw(uint64(len(keys)))]
	key := of[s.stream.Draw(uint64(len(of)))]
	if bit := s.stream.Draw(1 << 32); !s.spared(storeNode) && w.server.Corrupt(key, bit) {
		s.told(storeNode, key)
		w.ruin(jobOf(key), key, s.timed.Kind)
	}
}

// recordsOf lists the keys of the records of a kind, of jobs of some groups; nil are all groups. Records of
// jobs that are neither on the board nor in the trash are of no use to anybody and not among them.
func (w *World) recordsOf(kind string, groups []bool) []string {
	var pairs []store.Pair
	for _, prefix := range prefixesOf[kind] {
		pairs = w.server.State().AppendRange(pairs, prefix)
	}
	var keys []string
	for i := range pairs {
		key := pairs[i].Key
		job := jobOf(key)
		g := w.blueprint.work.GroupOf(job)
		if g >= 0 && (groups == nil || groups[g]) && (kind == scenarios.RecordTrash || w.onBoard[job]) {
			keys = append(keys, key)
		}
	}
	return keys
}

// prefixesOf says where the records of a kind are.
var prefixesOf = map[string][]string{
	scenarios.RecordPosting: {jobboard.PostingPrefix},
	scenarios.RecordLedger:  {jobboard.LedgerPrefix},
	scenarios.RecordClaim:   {jobboard.ClaimPrefix},
	scenarios.RecordLogbook: {logbook.BookPrefix, logbook.FlowPrefix},
	scenarios.RecordTrash:   {jobboard.TrashPrefix},
}

// jobOf is the job that a record is about. A job's book and its flow are called what the job is called.
func jobOf(key string) string {
	if job, is := logbook.FlowOf(key); is {
		return job
	}
	return key[strings.LastIndexByte(key, '/')+1:]
}

// ruin writes down that the promises do not cover a job any more, or without a job the run: no copy is
// left of what they are kept in.
func (w *World) ruin(job, key, why string) {
	about := history.JobID(history.None)
	if job != "" {
		about = w.recorder.Job(job)
	}
	w.append(history.Record{
		Type: history.Event, Kind: history.Ruined, Process: storeNode, Job: about, Subject: key, Reason: why,
	})
	if key != "" {
		why += " of " + key
	}
	if !slices.Contains(w.ruins, why) {
		w.ruins = append(w.ruins, why)
	}
}

// ruinText is what the run was ruined by, in a line.
func (w *World) ruinText() string {
	const most = 3
	if len(w.ruins) > most {
		return strings.Join(w.ruins[:most], "; ") + "; and more"
	}
	return strings.Join(w.ruins, "; ")
}
