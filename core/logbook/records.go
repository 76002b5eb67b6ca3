package logbook

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math"

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
	state     state.State
	epoch     int64
	writes    int64 // how many there have been
	tick      int64
	fresh     int64
	revertAll bool
	digest    uint32 // of the atoms that the write carried
}

const headRoom = record.Overhead + 47

func writeHead(room []byte, h head) record.Writer {
	w := record.BeginIn(room, headRecord, recordVersion)
	w.Uint(uint64(state.Code(h.state)))
	w.Int(h.epoch)
	w.Int(h.writes)
	w.Int(h.tick)
	w.Int(h.fresh)
	w.Bool(h.revertAll)
	w.Uint(uint64(h.digest))
	return w
}

func encodeHead(h head) []byte {
	w := writeHead(make([]byte, 0, headRoom), h)
	return w.End()
}

func decodeHead(stored []byte) (head, error) {
	r := record.Open(stored, headRecord, recordVersion)
	h := head{
		state: readState(&r), epoch: r.Int(), writes: r.Int(), tick: r.Int(), fresh: r.Int(),
		revertAll: r.Bool(),
	}
	digest := r.Uint()
	if digest > math.MaxUint32 {
		r.Fail("it holds a digest that is none")
	}
	h.digest = uint32(digest)
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

func encodeBook(b *Book) ([]byte, error) {
	w := record.Begin(bookRecord, recordVersion, 64)
	w.Text(b.ID)
	w.Text(b.Name)
	w.Texts(b.Flows)
	if err := writeArgs(&w, b.Meta); err != nil {
		return nil, err
	}
	return w.End(), nil
}

func decodeBook(stored []byte) (Book, error) {
	r := record.Open(stored, bookRecord, recordVersion)
	b := Book{ID: r.Text(), Name: r.Text(), Flows: r.Texts(), Meta: readArgs(&r)}
	return b, r.End()
}

func encodePlan(d *FlowDetail) ([]byte, error) {
	w := record.Begin(planRecord, recordVersion, 96)
	w.Text(d.ID)
	w.Text(d.Book)
	w.Text(d.Name)
	w.Text(d.Factory)
	for _, args := range []flow.Args{d.Inputs, d.Meta} {
		if err := writeArgs(&w, args); err != nil {
			return nil, err
		}
	}
	return w.End(), nil
}

func writeArgs(w *record.Writer, args flow.Args) error {
	w.Uint(uint64(len(args)))
	for _, in := range args {
		if in.Name == "" {
			return errors.New("a value has no name")
		}
		value, err := flow.Encode(in.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
		w.Text(in.Name)
		w.Bytes(value)
	}
	return nil
}

func decodePlan(stored []byte, d *FlowDetail) error {
	r := record.Open(stored, planRecord, recordVersion)
	d.ID, d.Book, d.Name, d.Factory = r.Text(), r.Text(), r.Text(), r.Text()
	d.Inputs, d.Meta = readArgs(&r), readArgs(&r)
	return r.End()
}

func readArgs(r *record.Reader) flow.Args {
	count := r.Count(4) // a name, a value, and how long they are
	if count == 0 {
		return nil
	}
	args := make(flow.Args, 0, count)
	for range count {
		name, stored := r.Text(), r.Bytes()
		if name == "" || len(stored) == 0 { // also where the record has ended early
			r.Fail("an argument has no name or no value")
			return nil
		}
		value, err := flow.Decode(stored)
		if err != nil {
			r.Fail(err.Error())
			return nil
		}
		args = append(args, flow.Arg{Name: name, Value: value})
	}
	return args
}
