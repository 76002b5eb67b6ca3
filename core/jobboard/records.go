package jobboard

import (
	"math"
	"time"

	"derail/core/failure"
	"derail/core/record"
)

// The kinds of record that this package writes, and their version.
const (
	postingRecord byte = 'J'
	ledgerRecord  byte = 'L'
	holderRecord  byte = 'C'
	trashRecord   byte = 'T'
	entityRecord  byte = 'E'
	inputsRecord  byte = 'I' // within a posting's

	recordVersion byte = 1

	// withInputs is the version of the records of a posting that has inputs, of which it says more. One
	// that has none is stored as ever, and a program that knows nothing of inputs leaves the others alone.
	withInputs byte = 2

	// unreadable is the version of a trash record that keeps the bytes of a posting and a ledger of which
	// at least one is damaged.
	unreadable byte = 3

	// withRest is the version of the ledger of a job that rests, of which it says for how long.
	withRest byte = 2
)

// versionFor is the version of a record that holds a posting.
func versionFor(p *Posting) byte {
	if p.Inputs == (Inputs{}) {
		return recordVersion
	}
	return withInputs
}

// openPosting opens a record that holds a posting, with inputs or without.
func openPosting(stored []byte, kind byte) (r record.Reader, inputs bool) {
	if len(stored) > 1 && stored[1] == withInputs {
		return record.Open(stored, kind, withInputs), true
	}
	return record.Open(stored, kind, recordVersion), false
}

// What the board's records are of, for who reads of damage.
const (
	postingWhat = "posting"
	ledgerWhat  = "ledger"
	claimWhat   = "claim"
	trashWhat   = "trash record"
	entityWhat  = "entity"
)

func appendTime(w *record.Writer, t time.Time) {
	if t.IsZero() {
		w.Int(0)
	} else {
		w.Int(t.UnixNano())
	}
}

func readTime(r *record.Reader) time.Time {
	if n := r.Int(); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}

func appendPosting(w *record.Writer, p *Posting) {
	w.Text(p.ID)
	w.Text(p.Name)
	w.Int(int64(p.Priority))
	w.Text(p.Book)
	w.Text(p.Flow)
	appendTime(w, p.Posted)
	if p.Inputs != (Inputs{}) {
		w.Text(p.Inputs.stored)
	}
}

func readPosting(r *record.Reader, inputs bool) Posting {
	p := Posting{
		ID: r.Text(), Name: r.Text(), Priority: readPriority(r), Book: r.Text(), Flow: r.Text(),
		Posted: readTime(r),
	}
	if inputs {
		p.Inputs = readInputs(r)
	}
	return p
}

// roomFor is about how many bytes a posting's texts take.
func roomFor(p *Posting) int {
	return len(p.ID) + len(p.Name) + len(p.Book) + len(p.Flow) + len(p.Inputs.stored)
}

func readPriority(r *record.Reader) Priority {
	p := r.Int()
	if p < int64(VeryLow) || p > int64(VeryHigh) {
		r.Fail("it holds a priority that does not exist")
		return Normal
	}
	return Priority(p)
}

func appendLedger(w *record.Writer, l *Ledger) {
	w.Int(l.Epoch)
	w.Int(int64(l.Attempts))
	appendTime(w, l.NotBefore)
	w.Int(l.Released)
	failure.Append(w, l.Last)
}

func readLedger(r *record.Reader) Ledger {
	return Ledger{
		Epoch: r.Int(), Attempts: readAttempts(r), NotBefore: readTime(r), Released: r.Int(),
		Last: failure.Read(r),
	}
}

func readAttempts(r *record.Reader) int {
	n := r.Int()
	if n < 0 || n > math.MaxInt32 {
		r.Fail("it holds a count of attempts that cannot be")
		return 0
	}
	return int(n)
}

func encodePosting(p *Posting) []byte {
	w := record.Begin(postingRecord, versionFor(p), 32+roomFor(p))
	appendPosting(&w, p)
	return w.End()
}

// decodePosting reads the posting of the job with that id.
func decodePosting(stored []byte, id string) (Posting, error) {
	r, inputs := openPosting(stored, postingRecord)
	p := readPosting(&r, inputs)
	if p.ID != id {
		r.Fail("it is another job's")
	}
	return p, r.End()
}

func encodeLedger(l *Ledger) []byte {
	version := recordVersion
	if l.Rest > 0 {
		version = withRest
	}
	w := record.Begin(ledgerRecord, version, 40)
	appendLedger(&w, l)
	if version == withRest {
		w.Int(int64(l.Rest))
	}
	return w.End()
}

func decodeLedger(stored []byte) (Ledger, error) {
	if len(stored) < 2 || stored[1] != withRest {
		r := record.Open(stored, ledgerRecord, recordVersion)
		l := readLedger(&r)
		return l, r.End()
	}
	r := record.Open(stored, ledgerRecord, withRest)
	l := readLedger(&r)
	if l.Rest = time.Duration(r.Int()); l.Rest <= 0 {
		r.Fail("it holds a rest that is none")
	}
	return l, r.End()
}

// encodeClaim makes the two records of a claim, in one allocation where the last failure is short.
func encodeClaim(j *Job) (holder, ledger []byte) {
	room := 2*record.Overhead + 64 + len(j.Holder.Owner)
	if j.Last != nil {
		room += len(j.Last.Text) + len(j.Last.Stack) + 64
	}
	w := record.BeginIn(make([]byte, 0, room), holderRecord, recordVersion)
	appendHolder(&w, j.Holder)
	holder = w.End()
	w = record.BeginIn(w.Rest(), ledgerRecord, recordVersion)
	appendLedger(&w, &j.Ledger)
	return holder, w.End()
}

func appendHolder(w *record.Writer, h Holder) {
	w.Text(h.Owner)
	w.Int(h.Epoch)
	w.Int(h.serial)
}

// ReadHolder reads the value of a claim record.
func ReadHolder(stored []byte) (Holder, error) { return decodeHolder(stored) }

func decodeHolder(stored []byte) (Holder, error) {
	r := record.Open(stored, holderRecord, recordVersion)
	h := Holder{Owner: r.Text(), Epoch: r.Int(), serial: r.Int()}
	return h, r.End()
}

func encodeTrashed(t *Trashed) []byte {
	version := versionFor(&t.Posting)
	if t.Reason == Unreadable {
		version = unreadable
	}
	w := record.Begin(trashRecord, version, 128+roomFor(&t.Posting)+len(t.RawPosting)+len(t.RawLedger))
	if version == unreadable {
		w.Text(t.ID)
		w.Text(t.RawPosting)
		w.Text(t.RawLedger)
	} else {
		appendPosting(&w, &t.Posting)
	}
	appendLedger(&w, &t.Ledger)
	w.Text(string(t.Reason))
	w.Text(t.By)
	w.Int(t.Under)
	appendTime(&w, t.At)
	return w.End()
}

// decodeTrashed reads the record in the trash of the job with that id.
func decodeTrashed(stored []byte, id string) (t Trashed, err error) {
	var r record.Reader
	kept := len(stored) > 1 && stored[1] == unreadable
	if kept {
		r = record.Open(stored, trashRecord, unreadable)
		t.ID, t.RawPosting, t.RawLedger = r.Text(), r.Text(), r.Text()
		if posting, err := decodePosting([]byte(t.RawPosting), t.ID); err == nil {
			t.Posting = posting
		}
	} else {
		var inputs bool
		r, inputs = openPosting(stored, trashRecord)
		t.Posting = readPosting(&r, inputs)
	}
	t.Ledger, t.Reason, t.By = readLedger(&r), Reason(r.Text()), r.Text()
	t.Under, t.At = r.Int(), readTime(&r)
	switch {
	case t.ID != id:
		r.Fail("it is another job's")
	case kept != (t.Reason == Unreadable):
		r.Fail("it does not hold what its reason says")
	}
	return t, r.End()
}

func encodeEntity(e *Entity) []byte {
	w := record.Begin(entityRecord, recordVersion, 16+len(e.Kind)+len(e.Name)+len(e.Host))
	w.Text(e.Kind)
	w.Text(e.Name)
	w.Text(e.Host)
	return w.End()
}

func decodeEntity(stored []byte) (Entity, error) {
	r := record.Open(stored, entityRecord, recordVersion)
	e := Entity{Kind: r.Text(), Name: r.Text(), Host: r.Text()}
	return e, r.End()
}
