package logbook

import (
	"hash/crc32"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/record"
	"derail/core/state"
)

// The kinds of record that this package writes, and their version.
const (
	bookRecord byte = 'B'
	planRecord byte = 'P'
	headRecord byte = 'H'
	atomRecord byte = 'A'

	recordVersion byte = 1
)

// head is the part of a flow detail that every write replaces. Two heads that are equal were made by
// the same write: by that a writer knows its own write again when it got no answer.
type head struct {
	state  state.State
	epoch  int64
	writes int64  // how many there have been
	round  int64  // how often the flow has started afresh: details of an earlier round are void
	digest uint32 // of the atoms that the write carried
}

const headRoom = record.Overhead + 36

func writeHead(room []byte, h head) record.Writer {
	w := record.BeginIn(room, headRecord, recordVersion)
	w.Uint(uint64(state.Code(h.state)))
	w.Int(h.epoch)
	w.Int(h.writes)
	w.Int(h.round)
	w.Uint(uint64(h.digest))
	return w
}

func encodeHead(h head) []byte {
	w := writeHead(make([]byte, 0, headRoom), h)
	return w.End()
}

func decodeHead(stored []byte) (head, error) {
	r := record.Open(stored, headRecord, recordVersion)
	h := head{state: readState(&r), epoch: r.Int(), writes: r.Int(), round: r.Int(), digest: uint32(r.Uint())}
	return h, r.End()
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// extend adds a record to a digest.
func extend(digest uint32, stored []byte) uint32 { return crc32.Update(digest, castagnoli, stored) }

func readState(r *record.Reader) state.State {
	s, ok := state.FromCode(r.Uint())
	if !ok {
		r.Fail("it holds a state that does not exist")
	}
	return s
}

func encodeBook(b *Book) []byte {
	w := record.Begin(bookRecord, recordVersion, 64)
	w.Text(b.ID)
	w.Text(b.Name)
	w.Texts(b.Flows)
	return w.End()
}

func decodeBook(stored []byte) (Book, error) {
	r := record.Open(stored, bookRecord, recordVersion)
	b := Book{ID: r.Text(), Name: r.Text(), Flows: r.Texts()}
	return b, r.End()
}

func encodePlan(d *FlowDetail) ([]byte, error) {
	w := record.Begin(planRecord, recordVersion, 96)
	w.Text(d.ID)
	w.Text(d.Book)
	w.Text(d.Name)
	w.Text(d.Factory)
	w.Uint(uint64(len(d.Inputs)))
	for _, in := range d.Inputs {
		value, err := flow.Encode(in.Value)
		if err != nil {
			return nil, err
		}
		w.Text(in.Name)
		w.Bytes(value)
	}
	return w.End(), nil
}

func decodePlan(stored []byte, d *FlowDetail) error {
	r := record.Open(stored, planRecord, recordVersion)
	d.ID, d.Book, d.Name, d.Factory = r.Text(), r.Text(), r.Text(), r.Text()
	count := r.Uint()
	for i := uint64(0); i < count; i++ {
		name := r.Text()
		value, err := flow.Decode(r.Bytes())
		if err != nil {
			r.Fail(err.Error())
		}
		if name == "" { // also where the record has ended early
			r.Fail("an input has no name")
			break
		}
		d.Inputs = append(d.Inputs, flow.Arg{Name: name, Value: value})
	}
	return r.End()
}

var intentions = [...]state.Intention{"", state.ToExecute, state.ToIgnore, state.ToRevert, state.ToRetry}

// atomRoom is about how many bytes an atom's record takes, and never much less.
func atomRoom(a *AtomDetail) int {
	const failureRoom = 512 // failures are rare, and a buffer that is too small grows
	size := record.Overhead + 18 + len(a.Name) + len(a.Result)
	if a.Failure != nil {
		size += failureRoom
	}
	if a.RevertFailure != nil {
		size += failureRoom
	}
	return size
}

func writeAtom(room []byte, a *AtomDetail, round int64) record.Writer {
	w := record.BeginIn(room, atomRecord, recordVersion)
	w.Text(a.Name)
	w.Int(round)
	w.Uint(uint64(state.Code(a.State)))
	code := 0
	for i, known := range intentions {
		if known == a.Intention {
			code = i
		}
	}
	w.Uint(uint64(code))
	w.Bytes(a.Result)
	failure.Append(&w, a.Failure)
	failure.Append(&w, a.RevertFailure)
	return w
}

// decodeAtom reads the detail of the atom with that name, which the key says.
func decodeAtom(stored []byte, name string, a *AtomDetail) error {
	r := record.Open(stored, atomRecord, recordVersion)
	if string(r.Bytes()) != name {
		r.Fail("it is another atom's")
	}
	a.Name, a.round, a.State = name, r.Int(), readState(&r)
	if code := r.Uint(); code < uint64(len(intentions)) {
		a.Intention = intentions[code]
	} else {
		r.Fail("it holds an intention that does not exist")
	}
	a.Result = r.Bytes()
	a.Failure = failure.Read(&r)
	a.RevertFailure = failure.Read(&r)
	return r.End()
}
