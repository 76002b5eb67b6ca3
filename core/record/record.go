// Package record is the stored form of everything that core keeps: fields one after another, with a
// kind and a version in front and a checksum behind, so that a damaged or foreign record is refused
// and never misread.
//
// A record is one byte of kind, one of version, its whole length as four bytes, the fields, and the
// CRC-32C of all that as four bytes, both numbers big-endian. The checksum finds every flipped bit; the
// length finds every record that was cut short, which a checksum alone finds only very probably.
// Numbers among the fields are varints (zigzag where they can be negative), as short as they can be;
// texts and bytes carry their length. So the same fields always make the same bytes, and a record that
// can be read is what writing its fields again would make. What the fields mean is the business of the
// package that writes them.
package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	lengthAt     = 2 // after the kind and the version
	headerSize   = lengthAt + 4
	checksumSize = 4

	// Overhead is how many bytes a record is longer than its fields.
	Overhead = headerSize + checksumSize
)

// Writer builds one record. The zero Writer is not ready; use [Begin] or [BeginIn].
type Writer struct{ buf []byte }

// Begin starts a record in a buffer of its own, with room for fields of size bytes.
func Begin(kind, version byte, size int) Writer {
	return BeginIn(make([]byte, 0, size+Overhead), kind, version)
}

// BeginIn starts a record in the room behind what buf holds, so that the records of one transaction can
// share one allocation. buf must be empty, or end in a record that is not going to grow: what
// [Writer.Rest] returns.
func BeginIn(buf []byte, kind, version byte) Writer {
	return Writer{buf: append(buf[len(buf):], kind, version, 0, 0, 0, 0)}
}

// Int appends a number that can be negative.
func (w *Writer) Int(n int64) { w.buf = binary.AppendVarint(w.buf, n) }

// Uint appends a number that cannot.
func (w *Writer) Uint(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }

// Bool appends a truth value.
func (w *Writer) Bool(b bool) {
	if b {
		w.buf = append(w.buf, 1)
	} else {
		w.buf = append(w.buf, 0)
	}
}

// Text appends a string.
func (w *Writer) Text(s string) {
	w.Uint(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

// Bytes appends bytes.
func (w *Writer) Bytes(b []byte) {
	w.Uint(uint64(len(b)))
	w.buf = append(w.buf, b...)
}

// Texts appends a list of strings.
func (w *Writer) Texts(list []string) {
	w.Uint(uint64(len(list)))
	for _, s := range list {
		w.Text(s)
	}
}

// End closes the record and returns it. Nothing can be appended after it; [Writer.Rest] still works.
func (w *Writer) End() []byte {
	binary.BigEndian.PutUint32(w.buf[lengthAt:], uint32(len(w.buf)+checksumSize))
	w.buf = binary.BigEndian.AppendUint32(w.buf, crc32.Checksum(w.buf, castagnoli))
	return w.buf[:len(w.buf):len(w.buf)]
}

// Rest returns the unused room behind a record that has ended, for the next [BeginIn].
func (w *Writer) Rest() []byte { return w.buf[len(w.buf):] }

// DamagedError says that stored bytes are not the record that they should be.
type DamagedError struct {
	Problem string
	What    string // what the record is of: a ledger, a claim, ...; empty where nobody has said
	Key     string // where it is stored
}

// Error says what is wrong with the bytes, and of which record.
func (e *DamagedError) Error() string {
	if e.Key == "" {
		return "damaged record: " + e.Problem
	}
	return e.Key + ": damaged " + e.What + ": " + e.Problem
}

// At says of an error what the record is of that it is about, and where that is stored.
func At(key, what string, err error) error {
	var damaged *DamagedError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &damaged):
		return fmt.Errorf("%s: %w", key, err)
	case damaged.Key != "":
		return err
	}
	return &DamagedError{Problem: damaged.Problem, What: what, Key: key}
}

// Sound reports whether stored bytes are a record, whatever it says: as long as they were when they were
// written, and the same.
func Sound(stored []byte) bool {
	if len(stored) < headerSize+checksumSize {
		return false
	}
	r := Open(stored, stored[0], stored[1])
	return r.err == nil
}

// Reader takes a record apart. Errors stick: after the first, every field reads as its zero value,
// and [Reader.End] returns the error.
type Reader struct {
	rest   []byte
	fields []byte
	text   string // all the fields, made of them for the first text: the others are parts of it
	err    error
}

// Open checks a record's length, checksum, kind and version.
func Open(stored []byte, kind, version byte) Reader {
	body := len(stored) - checksumSize
	switch {
	case body < headerSize:
		return failed("%d bytes are too few", len(stored))
	case uint64(binary.BigEndian.Uint32(stored[lengthAt:])) != uint64(len(stored)):
		return failed("it has %d bytes and says that it has %d",
			len(stored), binary.BigEndian.Uint32(stored[lengthAt:]))
	case crc32.Checksum(stored[:body], castagnoli) != binary.BigEndian.Uint32(stored[body:]):
		return failed("its checksum does not match")
	case stored[0] != kind:
		return failed("it is of kind %q, not %q", stored[0], kind)
	case stored[1] != version:
		return failed("it is of version %d, and this program knows version %d", stored[1], version)
	}
	fields := stored[headerSize:body]
	return Reader{rest: fields, fields: fields}
}

func failed(format string, args ...any) Reader {
	return Reader{err: &DamagedError{Problem: fmt.Sprintf(format, args...)}}
}

// Int reads a number that can be negative.
func (r *Reader) Int() int64 {
	n, size := binary.Varint(r.rest)
	return step(r, n, size)
}

// Uint reads a number that cannot.
func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.rest)
	return step(r, n, size)
}

func step[N int64 | uint64](r *Reader, n N, size int) N {
	if size <= 0 {
		r.short()
		return 0
	}
	if size > 1 && r.rest[size-1] == 0 { // the last byte adds nothing: no Writer made it
		r.Fail("a number is longer than it has to be")
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// Bool reads a truth value.
func (r *Reader) Bool() bool {
	if len(r.rest) == 0 || r.rest[0] > 1 {
		r.short()
		return false
	}
	b := r.rest[0] == 1
	r.rest = r.rest[1:]
	return b
}

// Text reads a string.
func (r *Reader) Text() string {
	b := r.slice()
	if len(b) == 0 {
		return ""
	}
	if r.text == "" {
		r.text = string(r.fields)
	}
	end := len(r.fields) - len(r.rest)
	return r.text[end-len(b) : end]
}

// Bytes reads bytes; they are a part of the record that was opened, not a copy.
func (r *Reader) Bytes() []byte { return r.slice() }

// Texts reads a list of strings.
func (r *Reader) Texts() []string {
	count := r.Count(1)
	if count == 0 {
		return nil
	}
	list := make([]string, count)
	for i := range list {
		list[i] = r.Text()
	}
	return list
}

// Count reads how many fields of a list follow, of which each takes at least size bytes. What is left of
// the record bounds it, so it can be trusted with the room to make for the list, and with a loop.
func (r *Reader) Count(size int) int {
	count := r.Uint()
	if count > uint64(len(r.rest)/size) {
		r.short()
		return 0
	}
	return int(count)
}

func (r *Reader) slice() []byte {
	size := r.Uint()
	if size > uint64(len(r.rest)) {
		r.short()
		return nil
	}
	b := r.rest[:size:size]
	r.rest = r.rest[size:]
	return b
}

func (r *Reader) short() {
	if r.err == nil {
		r.err = &DamagedError{Problem: "a field does not fit"}
	}
	r.rest = nil
}

// Fail makes the record damaged, for a field whose value cannot be.
func (r *Reader) Fail(problem string) {
	if r.err == nil {
		r.err = &DamagedError{Problem: problem}
	}
	r.rest = nil
}

// End returns the first error, or that fields are left over.
func (r *Reader) End() error {
	if r.err == nil && len(r.rest) > 0 {
		r.err = &DamagedError{Problem: fmt.Sprintf("%d bytes are left over", len(r.rest))}
	}
	return r.err
}
