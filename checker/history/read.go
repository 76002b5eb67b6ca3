package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// The names of the fields in the form on disk.
const (
	fieldSeq      = "seq"
	fieldAt       = "at_ns"
	fieldType     = "type"
	fieldKind     = "kind"
	fieldProcess  = "process"
	fieldJob      = "job"
	fieldCall     = "call"
	fieldEpoch    = "epoch"
	fieldAttempt  = "attempt"
	fieldRevision = "revision"
	fieldCounted  = "counted"
	fieldN        = "n"
	fieldSubject  = "subject"
	fieldFrom     = "from"
	fieldTo       = "to"
	fieldReason   = "reason"

	fieldVersion     = "version"
	fieldScenario    = "scenario"
	fieldSeed        = "seed"
	fieldHash        = "hash"
	fieldAttempts    = "attempts"
	fieldCycleLength = "cycle_length"
	fieldRestWithin  = "rest_within_ns"
	fieldClaimWithin = "claim_within_ns"
	fieldSlots       = "slots"
	fieldOvertaken   = "overtaken"
	fieldClockError  = "clock_error_ns"
	fieldEnd         = "end_ns"
	fieldFaults      = "faults"
	fieldShapes      = "shapes"
	fieldProcesses   = "processes"
	fieldJobs        = "jobs"
)

var (
	recordFields = []string{
		fieldSeq, fieldAt, fieldType, fieldKind, fieldProcess, fieldJob, fieldCall, fieldEpoch,
		fieldAttempt, fieldRevision, fieldCounted, fieldN, fieldSubject, fieldFrom, fieldTo, fieldReason,
	}
	headerFields = []string{
		fieldVersion, fieldScenario, fieldSeed, fieldHash, fieldAttempts, fieldCycleLength,
		fieldRestWithin, fieldClaimWithin, fieldSlots, fieldOvertaken, fieldClockError, fieldEnd, fieldFaults,
		fieldShapes, fieldProcesses, fieldJobs,
	}
)

// maxFields is at least the length of either list of fields.
const maxFields = 20

// Read reads a history that [Write] wrote, or any other program that keeps to the documented form. It
// is strict: what it does not know, or what cannot be, is a [*SyntaxError] that names the file as
// name. Errors of r itself are returned with that name.
func Read(r io.Reader, name string) (*History, error) {
	in := &reader{
		history:   &History{},
		processes: map[string]ProcessID{},
		jobs:      map[string]JobID{},
	}
	in.file, in.intern = name, map[string]string{}
	lines := bufio.NewReaderSize(r, flushAt)
	for {
		text, err := nextLine(lines, in.buffer[:0])
		in.buffer = text
		if errors.Is(err, io.EOF) && len(text) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		in.read(text)
		if in.err != nil {
			return nil, in.err
		}
	}
	if in.line == 0 {
		in.line = 1
		in.fail(0, "the file is empty", "want the header on the first line")
		return nil, in.err
	}
	return in.history, nil
}

// nextLine reads a line into buffer, without its end.
func nextLine(lines *bufio.Reader, buffer []byte) ([]byte, error) {
	for {
		part, err := lines.ReadSlice('\n')
		buffer = append(buffer, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if n := len(buffer); err == nil {
			// Kept, so that an empty line is not taken for the end of the file.
			buffer[n-1] = ' '
		}
		return buffer, err
	}
}

type reader struct {
	scanner
	history   *History
	processes map[string]ProcessID
	jobs      map[string]JobID
	ended     []bool // by record: whether it is an invoke that has its completion
	buffer    []byte

	record  Record
	seq     int64
	columns [maxFields]int // where each field's value begins, from 1; 0 is a field that is not there
}

// read takes the next line in.
func (r *reader) read(text []byte) {
	r.line++
	r.text, r.at = text, 0
	clear(r.columns[:])
	if r.line == 1 {
		if r.object(r.headerField); r.err == nil {
			r.acceptHeader()
		}
		return
	}
	r.record = Record{Job: None, Process: None}
	if r.object(r.recordField); r.err == nil {
		r.accept()
	}
}

// enter notes that a field is there, and whether it may be.
func (r *reader) enter(fields []string, name string, nameAt int) bool {
	i := slices.Index(fields, name)
	switch {
	case i < 0:
		r.fail(nameAt, "unknown field "+quoted(name), oneOf(name, fields))
	case r.columns[i] != 0:
		r.fail(nameAt, "the field "+quoted(name)+" a second time", "want it once")
	default:
		r.columns[i] = r.at + 1
		return true
	}
	return false
}

// column is the index at which the value of a field begins, or 0 when the field is not there.
func (r *reader) column(fields []string, name string) int {
	return max(r.columns[slices.Index(fields, name)]-1, 0)
}

func (r *reader) has(fields []string, name string) bool {
	return r.columns[slices.Index(fields, name)] != 0
}

func (r *reader) headerField(name string, nameAt int) {
	if !r.enter(headerFields, name, nameAt) {
		return
	}
	h := &r.history.Header
	switch name {
	case fieldVersion:
		h.Version = int(r.number(1, math.MaxInt32))
	case fieldScenario:
		h.Scenario = r.str("a scenario's name")
	case fieldSeed:
		h.Seed = r.unsigned()
	case fieldHash:
		h.Hash = r.str("a hash")
	case fieldAttempts:
		h.Attempts = int(r.number(0, math.MaxInt32))
	case fieldCycleLength:
		h.CycleLength = int(r.number(0, math.MaxInt32))
	case fieldRestWithin:
		h.RestWithin = r.number(0, math.MaxInt64)
	case fieldClaimWithin:
		h.ClaimWithin = r.number(0, math.MaxInt64)
	case fieldSlots:
		h.Slots = int(r.number(0, math.MaxInt32))
	case fieldOvertaken:
		h.Overtaken = int(r.number(0, math.MaxInt32))
	case fieldClockError:
		h.ClockError = r.number(0, math.MaxInt64)
	case fieldEnd:
		h.End = r.number(0, math.MaxInt64)
	case fieldFaults:
		h.Faults = r.str("a plan of faults")
	case fieldShapes:
		r.shapes()
	case fieldProcesses:
		r.list(fieldProcesses, func(text string, at int) {
			if _, twice := r.processes[text]; twice {
				r.fail(at, quoted(text)+" is listed twice", "want each process once")
			}
			r.processes[text] = ProcessID(len(r.history.Processes))
			r.history.Processes = append(r.history.Processes, text)
		})
	case fieldJobs:
		r.list(fieldJobs, func(text string, at int) {
			if _, twice := r.jobs[text]; twice {
				r.fail(at, quoted(text)+" is listed twice", "want each job once")
			}
			r.jobs[text] = JobID(len(r.history.Jobs))
			r.history.Jobs = append(r.history.Jobs, text)
		})
	}
}

func (r *reader) acceptHeader() {
	if !r.has(headerFields, fieldVersion) {
		r.fail(0, "a first line without a version", `want the header, with "version":`+strconv.Itoa(Version))
		return
	}
	if v := r.history.Header.Version; v != Version {
		r.fail(r.column(headerFields, fieldVersion), "version "+strconv.Itoa(v)+" of the format",
			"want version "+strconv.Itoa(Version))
	}
}

func (r *reader) recordField(name string, nameAt int) {
	if !r.enter(recordFields, name, nameAt) {
		return
	}
	rec := &r.record
	switch name {
	case fieldSeq:
		r.seq = r.number(1, math.MaxInt64)
	case fieldAt:
		rec.At = r.number(0, math.MaxInt64)
	case fieldType:
		rec.Type = Type(r.oneOf("type", typeNames[:]))
	case fieldKind:
		rec.Kind = Kind(r.oneOf("kind", kindNames[:]))
	case fieldProcess:
		rec.Process = listed(r, r.processes, fieldProcesses)
	case fieldJob:
		rec.Job = listed(r, r.jobs, fieldJobs)
	case fieldCall:
		rec.Call = r.number(1, math.MaxInt64)
	case fieldEpoch:
		rec.Epoch = r.number(0, math.MaxInt64)
	case fieldAttempt:
		rec.Attempt = int32(r.number(0, math.MaxInt32))
	case fieldRevision:
		rec.Revision = r.number(0, math.MaxInt64)
	case fieldCounted:
		rec.Counted = r.truth()
	case fieldN:
		rec.N = int32(r.number(0, math.MaxInt32))
	case fieldSubject:
		rec.Subject = r.str("a subject")
	case fieldFrom:
		rec.From = r.str("a state")
	case fieldTo:
		rec.To = r.str("a state")
	case fieldReason:
		rec.Reason = r.str("a reason")
	}
}

// oneOf reads a word of a table that is indexed from 1.
func (r *reader) oneOf(what string, table []string) int {
	at := r.at
	word := r.str("a " + what)
	if i := slices.Index(table[1:], word); i >= 0 {
		return i + 1
	}
	r.fail(at, "unknown "+what+" "+quoted(word), oneOf(word, table[1:]))
	return 0
}

// listed reads a name that the header lists.
func listed[ID ProcessID | JobID](r *reader, ids map[string]ID, list string) ID {
	at := r.at
	name := r.str("a name")
	id, known := ids[name]
	if !known {
		r.fail(at, quoted(name)+" is not in the header", "want a name that the header lists in "+
			strconv.Quote(list))
		return None
	}
	return id
}
