package history

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// flushAt is how many bytes are collected before they are written out: enough to make calls rare,
// and small beside a history.
const flushAt = 1 << 16

// Write writes h to w as JSON lines, in the form that the package documentation describes field by
// field. Text that is not UTF-8 is written with U+FFFD in the place of what cannot be read.
func Write(w io.Writer, h *History) error {
	b := appendHeader(make([]byte, 0, flushAt+1<<12), h)
	for i := range h.Records {
		b = appendRecord(b, h, i)
		if len(b) >= flushAt {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	_, err := w.Write(b)
	return err
}

func appendHeader(b []byte, h *History) []byte {
	b = append(b, `{"version":`...)
	b = strconv.AppendInt(b, int64(h.Header.Version), 10)
	b = append(b, `,"scenario":`...)
	b = appendText(b, h.Header.Scenario)
	b = append(b, `,"seed":`...)
	b = strconv.AppendUint(b, h.Header.Seed, 10)
	b = appendTextField(b, fieldHash, h.Header.Hash)
	b = append(b, `,"attempts":`...)
	b = strconv.AppendInt(b, int64(h.Header.Attempts), 10)
	b = append(b, `,"cycle_length":`...)
	b = strconv.AppendInt(b, int64(h.Header.CycleLength), 10)
	b = append(b, `,"rest_within_ns":`...)
	b = strconv.AppendInt(b, h.Header.RestWithin, 10)
	b = appendNumberField(b, fieldClaimWithin, h.Header.ClaimWithin)
	b = appendNumberField(b, fieldSlots, int64(h.Header.Slots))
	b = appendNumberField(b, fieldOvertaken, int64(h.Header.Overtaken))
	b = appendNumberField(b, fieldClockError, h.Header.ClockError)
	b = append(b, `,"end_ns":`...)
	b = strconv.AppendInt(b, h.Header.End, 10)
	b = appendTextField(b, fieldFaults, h.Header.Faults)
	b = appendShapes(b, h.Header.Shapes)
	b = append(b, `,"processes":`...)
	b = appendTexts(b, h.Processes)
	b = append(b, `,"jobs":`...)
	b = appendTexts(b, h.Jobs)
	return append(b, '}', '\n')
}

func appendRecord(b []byte, h *History, i int) []byte {
	r := &h.Records[i]
	b = append(b, `{"seq":`...)
	b = strconv.AppendInt(b, int64(i)+1, 10)
	b = append(b, `,"at_ns":`...)
	b = strconv.AppendInt(b, r.At, 10)
	b = appendTextField(b, fieldType, r.Type.String())
	b = appendTextField(b, fieldKind, r.Kind.String())
	if r.Process >= 0 {
		b = append(b, `,"process":`...)
		b = appendText(b, h.ProcessName(r.Process))
	}
	if r.Job >= 0 {
		b = append(b, `,"job":`...)
		b = appendText(b, h.JobName(r.Job))
	}
	b = appendNumberField(b, fieldCall, r.Call)
	b = appendNumberField(b, fieldEpoch, r.Epoch)
	b = appendNumberField(b, fieldAttempt, int64(r.Attempt))
	b = appendNumberField(b, fieldRevision, r.Revision)
	if r.Counted {
		b = append(b, `,"counted":true`...)
	}
	b = appendNumberField(b, fieldN, int64(r.N))
	b = appendTextField(b, fieldSubject, r.Subject)
	b = appendTextField(b, fieldFrom, r.From)
	b = appendTextField(b, fieldTo, r.To)
	b = appendTextField(b, fieldReason, r.Reason)
	return append(b, '}', '\n')
}

// appendTextField adds a member, or nothing for the empty text, which is how its absence reads.
func appendTextField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return appendText(b, value)
}

// appendNumberField adds a member, or nothing for zero, which is how its absence reads.
func appendNumberField(b []byte, name string, value int64) []byte {
	if value == 0 {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return strconv.AppendInt(b, value, 10)
}

func appendTexts(b []byte, texts []string) []byte {
	b = append(b, '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, text)
	}
	return append(b, ']')
}

const hexDigits = "0123456789abcdef"

// appendText adds text as a JSON string. Only what JSON cannot hold as it is gets escaped.
func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	kept := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, text[kept:i]...)
				b = utf8.AppendRune(b, utf8.RuneError)
				kept = i + 1
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			b = append(b, text[kept:i]...)
			b = appendEscape(b, c)
			kept = i + 1
		}
		i++
	}
	b = append(b, text[kept:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	default:
		return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}
