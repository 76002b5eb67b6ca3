package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// query is a read of the board: an owner, a list, a wait or a count.
type query struct {
	rev     int64
	epoch   int64
	invoke  int32 // sequence number
	done    int32 // sequence number of the completion; zero if there is none
	n       int32 // how many jobs the answer says that there are
	entries int32 // how many it lists
	first   int32 // one more than the first of its entries; 0 is none
	last    int32 // one more than the last of them
	job     history.JobID
	owner   history.ProcessID
	kind    history.Kind
	place   model.Place // where the job is; Absent is gone
	fate    fate
	trash   bool // it is about the trash
	timeout bool // a wait: its time was over
	fits    bool // its answer was right at some instant so far: see tally
}

// entry is a job in the answer to a query.
type entry struct {
	epoch   int64
	seq     int32
	next    int32 // one more than the next entry of the same query; 0 is none
	attempt int32
	job     history.JobID
	owner   history.ProcessID
	place   model.Place
}

// nobody is an owner whom the history does not know.
const nobody history.ProcessID = -2

// asks reads a record of a query.
func (r *Reading) asks(seq int32, rec *history.Record) {
	about := rec.Kind == history.Owner || rec.Kind == history.Wait && rec.Job >= 0
	switch {
	case rec.Process < 0 || rec.Kind == history.Owner && rec.Job < 0:
		r.refuse(seq, "an operation without a job or a process")
	case rec.Kind == history.Listed:
		r.listed(seq, rec)
	case !about && rec.Job >= 0:
		r.refuse(seq, "a question about a job that is about all of them")
	case rec.Type == history.Invoke:
		r.opAt[seq-1] = int32(len(r.queries))
		r.queryMarks = append(r.queryMarks, begins(len(r.queries)))
		r.queries = append(r.queries, query{
			invoke: seq, job: rec.Job, kind: rec.Kind,
			trash: rec.Kind == history.List && rec.Subject == history.ListTrash,
		})
	default:
		r.answered(seq, rec)
	}
}

// queryAt is the query that began with a record, or nil.
func (r *Reading) queryAt(call int64, seq int32) *query {
	if call < 1 || call >= int64(seq) {
		return nil
	}
	// What opAt holds for a record that begins no query is of something else; the query tells.
	index := int(r.opAt[call-1])
	if index >= len(r.queries) || int64(r.queries[index].invoke) != call {
		return nil
	}
	return &r.queries[index]
}

// listed reads a job in an answer.
func (r *Reading) listed(seq int32, rec *history.Record) {
	q := r.queryAt(rec.Call, seq)
	lists := q != nil && (q.kind == history.List || q.kind == history.Wait && q.job < 0)
	place, known := placeOf(rec.To)
	switch {
	case !lists || q.done != 0 || r.history.Records[q.invoke-1].Process != rec.Process:
		r.refuse(seq, "a job is listed in no answer")
		return
	case rec.Job < 0:
		r.refuse(seq, "an operation without a job or a process")
		return
	case !known || place == model.Absent || (place == model.Trashed) != q.trash:
		r.refuse(seq, "a job is listed where it cannot be")
		return
	}
	r.entries = append(r.entries, entry{
		epoch: rec.Epoch, seq: seq, attempt: rec.Attempt, job: rec.Job, place: place, owner: r.ownerOf(rec),
	})
	at := int32(len(r.entries))
	if q.first == 0 {
		q.first = at
	} else {
		r.entries[q.last-1].next = at
	}
	q.last = at
	q.entries++
}

// answered reads the completion of a query.
func (r *Reading) answered(seq int32, rec *history.Record) {
	q := r.queryAt(rec.Call, seq)
	switch {
	case q == nil:
		r.refuse(seq, "a completion of no earlier record")
		return
	case q.done != 0 || q.kind != rec.Kind || q.job != rec.Job ||
		r.history.Records[q.invoke-1].Process != rec.Process:
		r.refuse(seq, "a completion that does not fit its invoke, or a second one")
		return
	}
	q.done = seq
	switch rec.Type {
	case history.OK:
		q.fate, q.n, q.rev, q.epoch = happened, rec.N, rec.Revision, rec.Epoch
		if q.job >= 0 {
			place, known := placeOf(rec.To)
			if !known {
				r.refuse(seq, "an answer that says where no job can be")
			}
			q.place, q.owner = place, r.ownerOf(rec)
		}
	case history.Fail:
		q.fate, q.timeout = failed, q.kind == history.Wait && rec.Reason == history.WaitTimeout
	case history.Info:
		return
	default:
		r.refuse(seq, "a completion that is neither ok, fail nor info")
	}
	if q.fate == happened || q.timeout {
		r.queryMarks = append(r.queryMarks, ends(int(r.opAt[rec.Call-1])))
	}
}

// ownerOf is who owns a job as an answer says, or None where it does not say.
func (r *Reading) ownerOf(rec *history.Record) history.ProcessID {
	if rec.To != history.FinalClaimed || rec.Subject == "" {
		return history.None
	}
	if p := r.lastOwner; int(p) < len(r.history.Processes) && r.history.Processes[p] == rec.Subject {
		return p
	}
	for p, name := range r.history.Processes {
		if name == rec.Subject {
			r.lastOwner = history.ProcessID(p)
			return r.lastOwner
		}
	}
	return nobody
}

// asked is what is read of queries.
type asked struct {
	queries    []query
	entries    []entry
	queryMarks []mark            // beginnings of queries, and ends of those that were answered, in order
	lastOwner  history.ProcessID // whose name was looked up last
}
