package history

import "strconv"

// accept checks that the record just read can be the next one, and adds it.
func (r *reader) accept() {
	rec := &r.record
	for _, name := range recordFields[:4] {
		if !r.has(recordFields, name) {
			r.fail(0, "a record without "+strconv.Quote(name), `want at least "seq", "at_ns", "type" and "kind"`)
		}
	}
	if next := int64(len(r.history.Records)) + 1; r.seq != next {
		r.wrong(fieldSeq, "sequence number "+strconv.FormatInt(r.seq, 10),
			"want "+strconv.FormatInt(next, 10)+": records count from 1 without a gap")
	}
	if n := len(r.history.Records); n > 0 && rec.At < r.history.Records[n-1].At {
		r.wrong(fieldAt, "time goes back to "+strconv.FormatInt(rec.At, 10),
			"want at least "+strconv.FormatInt(r.history.Records[n-1].At, 10))
	}
	r.acceptKind()
	r.acceptCall()
	if r.err == nil {
		r.history.Records = append(r.history.Records, *rec)
		r.ended = append(r.ended, false)
	}
}

// wrong notes a mistake in the value of a field.
func (r *reader) wrong(field, problem, want string) {
	r.fail(r.column(recordFields, field), problem, want)
}

// acceptKind checks that kind, type, process and job go together.
func (r *reader) acceptKind() {
	rec := &r.record
	kind := strconv.Quote(rec.Kind.String())
	switch {
	case !rec.Kind.Operation() && rec.Type != Event:
		r.wrong(fieldType, kind+" with type "+strconv.Quote(rec.Type.String()),
			`want "event": a `+rec.Kind.String()+" is no operation")
	case rec.Kind.Operation() && rec.Type == Event:
		r.wrong(fieldType, kind+` with type "event"`, `want "invoke", "ok", "fail" or "info"`)
	case rec.Kind == Save && rec.Type == Invoke:
		r.wrong(fieldType, `"save" with type "invoke"`,
			`want "ok", "fail" or "info": a save is recorded at its end only`)
	case rec.Kind.Operation() && rec.Process == None:
		r.fail(0, kind+" without a process", `want "process": whose operation it is`)
	case rec.Kind.aboutJob() && rec.Job == None:
		r.fail(0, kind+" without a job", `want "job": which one it is about`)
	}
}

// acceptCall checks that a completion completes what was begun, once.
func (r *reader) acceptCall() {
	rec := &r.record
	completes := rec.Kind.Operation() && rec.Kind != Save && rec.Type != Invoke
	if rec.Kind == Listed {
		r.acceptListed()
		return
	}
	if !completes {
		if rec.Call != 0 {
			r.wrong(fieldCall, "a call in a record that completes nothing",
				"want no call: only the completion of an operation that has an invoke")
		}
		return
	}
	if rec.Call == 0 {
		r.fail(0, "a completion without a call", `want "call": the sequence number of its invoke`)
		return
	}
	call := strconv.FormatInt(rec.Call, 10)
	if rec.Call >= r.seq || rec.Call > int64(len(r.history.Records)) {
		r.wrong(fieldCall, "call "+call+" is not an earlier record", "want the sequence number of its invoke")
		return
	}
	invoke := &r.history.Records[rec.Call-1]
	switch {
	case invoke.Type != Invoke, invoke.Kind != rec.Kind, invoke.Job != rec.Job, invoke.Process != rec.Process:
		r.wrong(fieldCall, "record "+call+" does not begin this operation",
			"want an invoke of the same kind, process and job")
	case r.ended[rec.Call-1]:
		r.wrong(fieldCall, "a second completion of record "+call, "want one")
	case rec.Kind == Claim && rec.Type == OK && rec.Epoch == 0 && invoke.Epoch == 0:
		r.fail(0, "a claim that was granted without an epoch", `want "epoch": the claim's`)
	default:
		r.ended[rec.Call-1] = true
	}
}

// acceptListed checks that a job was listed for somebody who has asked and not been answered yet.
func (r *reader) acceptListed() {
	rec := &r.record
	call := strconv.FormatInt(rec.Call, 10)
	if rec.Call == 0 {
		r.fail(0, `"listed" without a call`, `want "call": the sequence number of the list or wait that it answers`)
		return
	}
	if rec.Call >= r.seq || rec.Call > int64(len(r.history.Records)) {
		r.wrong(fieldCall, "call "+call+" is not an earlier record", "want the sequence number of a list or a wait")
		return
	}
	asked := &r.history.Records[rec.Call-1]
	board := asked.Kind == List || asked.Kind == Wait && asked.Job == None
	switch {
	case asked.Type != Invoke || !board || asked.Process != rec.Process:
		r.wrong(fieldCall, "record "+call+" asks for no list of jobs",
			"want the invoke of a list, or of a wait without a job, of the same process")
	case r.ended[rec.Call-1]:
		r.wrong(fieldCall, "record "+call+" has its completion already", "want what is listed before that")
	}
}
