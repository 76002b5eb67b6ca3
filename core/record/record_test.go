package record_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/core/record"
)

// field is one field of a record and a way to read it back.
type field struct {
	write func(w *record.Writer)
	same  func(r *record.Reader) bool
}

func anyField(t *rapid.T) field {
	switch rapid.SampledFrom([]string{"int", "uint", "bool", "text", "bytes", "texts"}).Draw(t, "kind") {
	case "int":
		n := rapid.Int64().Draw(t, "int")
		return field{
			func(w *record.Writer) { w.Int(n) },
			func(r *record.Reader) bool { return r.Int() == n },
		}
	case "uint":
		n := rapid.Uint64().Draw(t, "uint")
		return field{
			func(w *record.Writer) { w.Uint(n) },
			func(r *record.Reader) bool { return r.Uint() == n },
		}
	case "bool":
		b := rapid.Bool().Draw(t, "bool")
		return field{
			func(w *record.Writer) { w.Bool(b) },
			func(r *record.Reader) bool { return r.Bool() == b },
		}
	case "text":
		s := rapid.String().Draw(t, "text")
		return field{
			func(w *record.Writer) { w.Text(s) },
			func(r *record.Reader) bool { return r.Text() == s },
		}
	case "bytes":
		b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")
		return field{
			func(w *record.Writer) { w.Bytes(b) },
			func(r *record.Reader) bool { return bytes.Equal(r.Bytes(), b) },
		}
	default:
		list := rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "texts")
		return field{
			func(w *record.Writer) { w.Texts(list) },
			func(r *record.Reader) bool { return slices.Equal(r.Texts(), list) },
		}
	}
}

func anyFields(t *rapid.T) []field {
	return rapid.SliceOfN(rapid.Custom(anyField), 0, 8).Draw(t, "fields")
}

func write(w record.Writer, fields []field) []byte {
	for _, f := range fields {
		f.write(&w)
	}
	return w.End()
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := anyFields(t)
		kind, version := rapid.Byte().Draw(t, "kind"), rapid.Byte().Draw(t, "version")
		stored := write(record.Begin(kind, version, rapid.IntRange(0, 100).Draw(t, "size")), fields)
		r := record.Open(stored, kind, version)
		for i, f := range fields {
			if !f.same(&r) {
				t.Fatalf("field %d came back changed", i)
			}
		}
		if err := r.End(); err != nil {
			t.Fatal(err)
		}
	})
}

// Every flipped bit and every missing end is refused, whatever the record holds, other records
// included.
func TestDamageIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := write(record.Begin('K', 1, 0), anyFields(t))
		if rapid.Bool().Draw(t, "nested") {
			w := record.Begin('K', 1, 0)
			w.Bytes(stored)
			stored = w.End()
		}
		for bit := range len(stored) * 8 {
			stored[bit/8] ^= 1 << (bit % 8)
			refuse(t, stored)
			stored[bit/8] ^= 1 << (bit % 8)
		}
		for size := range len(stored) {
			refuse(t, stored[:size])
		}
		refuse(t, append(slices.Clone(stored), 0))
	})
}

func refuse(t *rapid.T, stored []byte) {
	r := record.Open(stored, 'K', 1)
	var damaged *record.DamagedError
	if err := r.End(); !errors.As(err, &damaged) {
		t.Fatalf("%x: got %v", stored, err)
	}
	if r.Int() != 0 || r.Uint() != 0 || r.Bool() || r.Text() != "" || r.Bytes() != nil || r.Texts() != nil {
		t.Fatalf("%x: a field of a damaged record can be read", stored)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	good := write(record.Begin('K', 3, 0), nil)
	short := slices.Clone(good)
	short[5]--
	tests := []struct {
		name          string
		stored        []byte
		kind, version byte
		want          string
	}{
		{"nothing", nil, 'K', 3, "0 bytes are too few"},
		{"nearly nothing", good[:9], 'K', 3, "9 bytes are too few"},
		{"another length", short, 'K', 3, "it has 10 bytes and says that it has 9"},
		{"longer", append(slices.Clone(good), 0), 'K', 3, "it has 11 bytes and says that it has 10"},
		{"another checksum", append(slices.Clone(good[:9]), good[9]+1), 'K', 3, "its checksum does not match"},
		{"another kind", good, 'L', 3, `it is of kind 'K', not 'L'`},
		{"another version", good, 'K', 4, "it is of version 3, and this program knows version 4"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := record.Open(test.stored, test.kind, test.version)
			if err := r.End(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// What is inside a valid record can be wrong too: the fields that a program expects are not there.
func TestFieldsThatDoNotFit(t *testing.T) {
	text := func(w *record.Writer) { w.Text("abc") }
	tests := []struct {
		name  string
		write func(w *record.Writer)
		read  func(r *record.Reader)
		want  string
	}{
		{"left over", text, func(*record.Reader) {}, "4 bytes are left over"},
		{"int too few", func(*record.Writer) {}, func(r *record.Reader) { r.Int() }, "does not fit"},
		{"uint too few", func(*record.Writer) {}, func(r *record.Reader) { r.Uint() }, "does not fit"},
		{"bool too few", func(*record.Writer) {}, func(r *record.Reader) { r.Bool() }, "does not fit"},
		{"bool of 2", func(w *record.Writer) { w.Uint(2) }, func(r *record.Reader) { r.Bool() }, "does not fit"},
		{"text too few", func(w *record.Writer) { w.Uint(4) }, func(r *record.Reader) { r.Text() }, "does not fit"},
		{"bytes too few", func(w *record.Writer) { w.Uint(math.MaxUint64) }, func(r *record.Reader) { r.Bytes() }, "does not fit"},
		{"texts too few", func(w *record.Writer) { w.Uint(1) }, func(r *record.Reader) { r.Texts() }, "does not fit"},
		{"texts far too few", func(w *record.Writer) { w.Uint(math.MaxUint64) }, func(r *record.Reader) { r.Texts() }, "does not fit"},
		{"number too long", func(w *record.Writer) {
			for range 11 {
				w.Uint(0x7f ^ 0xff)
			}
		}, func(r *record.Reader) {
			for range 12 {
				r.Uint()
			}
		}, "does not fit"},
		{"count of more than there is", func(w *record.Writer) {
			w.Uint(3)
			w.Text("abcd")
		}, func(r *record.Reader) { r.Count(2) }, "does not fit"},
		{"count far too high", func(w *record.Writer) { w.Uint(math.MaxUint64) }, func(r *record.Reader) { r.Count(1) }, "does not fit"},
		{"by its meaning", text, func(r *record.Reader) { r.Text(); r.Fail("it is a lie") }, "it is a lie"},
		{"the first problem counts", text, func(r *record.Reader) { r.Fail("one"); r.Fail("two"); r.Int() }, "one"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := record.Begin('K', 1, 0)
			test.write(&w)
			r := record.Open(w.End(), 'K', 1)
			test.read(&r)
			if err := r.End(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// Of each number there is one form: one with needless zeros comes from no Writer.
func TestNumbersAreShort(t *testing.T) {
	for _, field := range [][]byte{{0x80, 0x00}, {0x81, 0x00}, {0xff, 0xff, 0x80, 0x00}} {
		for name, read := range map[string]func(r *record.Reader){
			"int":   func(r *record.Reader) { r.Int() },
			"uint":  func(r *record.Reader) { r.Uint() },
			"count": func(r *record.Reader) { r.Count(1) },
			"text":  func(r *record.Reader) { r.Text() },
		} {
			r := record.Open(withField('K', field), 'K', 1)
			read(&r)
			if err := r.End(); err == nil || !strings.Contains(err.Error(), "longer than it has to be") {
				t.Errorf("%x as %s: %v", field, name, err)
			}
		}
	}
}

// withField makes a valid record of bytes that no Writer may have made.
func withField(kind byte, field []byte) []byte {
	stored := append([]byte{kind, 1, 0, 0, 0, byte(record.Overhead + len(field))}, field...)
	return binary.BigEndian.AppendUint32(stored, crc32.Checksum(stored, crc32.MakeTable(crc32.Castagnoli)))
}

// What a list may hold is bounded by what is left of the record.
func TestCount(t *testing.T) {
	w := record.Begin('K', 1, 0)
	w.Uint(2)
	w.Text("a")
	w.Text("b")
	r := record.Open(w.End(), 'K', 1)
	if n := r.Count(2); n != 2 || r.Text() != "a" || r.Text() != "b" || r.End() != nil {
		t.Errorf("%d, then %v", n, r.End())
	}
}

// The format is on disk.
func TestFormat(t *testing.T) {
	w := record.Begin('K', 1, 0)
	w.Int(-2)
	w.Uint(300)
	w.Bool(true)
	w.Text("hi")
	w.Bytes([]byte{0xff})
	w.Texts([]string{"a", ""})
	const want = "4b01" + "00000017" + "03" + "ac02" + "01" + "026869" + "01ff" + "02016100"
	if got := hex.EncodeToString(w.End()); got[:len(got)-8] != want {
		t.Errorf("got  %s\nwant %s and a checksum", got, want)
	}
}

// Records that share a buffer must not touch each other, whether or not they fit into it.
func TestSharedBuffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room := make([]byte, 0, rapid.IntRange(0, 200).Draw(t, "room"))
		var shared, alone [][]byte
		for range rapid.IntRange(1, 5).Draw(t, "records") {
			fields := anyFields(t)
			w := record.BeginIn(room, 'K', 1)
			for _, f := range fields {
				f.write(&w)
			}
			shared = append(shared, w.End())
			room = w.Rest()
			alone = append(alone, write(record.Begin('K', 1, 0), fields))
		}
		for i := range shared {
			if !bytes.Equal(shared[i], alone[i]) {
				t.Fatalf("record %d is %x, want %x", i, shared[i], alone[i])
			}
			if cap(shared[i]) != len(shared[i]) {
				t.Fatalf("record %d can grow into the next", i)
			}
		}
	})
}

func TestSharedBufferIsOneAllocation(t *testing.T) {
	allocations := testing.AllocsPerRun(100, func() {
		w := record.Begin('K', 1, 64)
		w.Uint(7)
		w.End()
		w = record.BeginIn(w.Rest(), 'K', 1)
		w.Uint(8)
		w.End()
	})
	if allocations > 1 {
		t.Errorf("two records take %v allocations", allocations)
	}
}

// FuzzOpen reads arbitrary bytes: whatever passes must be what a Writer makes of the same fields.
func FuzzOpen(f *testing.F) {
	w := record.Begin('K', 1, 0)
	w.Int(-1)
	w.Text("text")
	w.Texts([]string{"a", "b"})
	w.Bool(true)
	f.Add(w.End())
	f.Add([]byte{})
	f.Add(withField('K', []byte{0x81, 0x00}))
	f.Fuzz(func(t *testing.T, stored []byte) {
		before := slices.Clone(stored)
		r := record.Open(stored, 'K', 1)
		n, s, list, b := r.Int(), r.Text(), r.Texts(), r.Bool()
		if !bytes.Equal(stored, before) {
			t.Fatal("reading changed the record")
		}
		if r.End() != nil {
			return
		}
		w := record.Begin('K', 1, 0)
		w.Int(n)
		w.Text(s)
		w.Texts(list)
		w.Bool(b)
		if again := w.End(); !bytes.Equal(again, stored) {
			t.Fatalf("%x became %x", stored, again)
		}
	})
}
