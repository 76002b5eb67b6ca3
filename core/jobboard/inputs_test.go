package jobboard

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"derail/core/flow"
	"derail/core/record"
	"derail/core/store"
)

func inputs(t testing.TB, args flow.Args) Inputs {
	t.Helper()
	in, err := NewInputs(args)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestInputs: what goes in comes out, as it is after it has been stored, and by name.
func TestInputs(t *testing.T) {
	args := flow.Args{
		{Name: "z", Value: nil},
		{Name: "text", Value: "t"},
		{Name: "bytes", Value: []byte{1}},
		{Name: "number", Value: uint8(7)},
		{Name: "list", Value: []string{"a"}},
		{Name: "yes", Value: true},
	}
	in := inputs(t, args)
	args[2].Value.([]byte)[0], args[0].Name = 9, "changed"
	want := flow.Args{
		{Name: "bytes", Value: []byte{1}},
		{Name: "list", Value: []any{"a"}},
		{Name: "number", Value: int64(7)},
		{Name: "text", Value: "t"},
		{Name: "yes", Value: true},
		{Name: "z", Value: nil},
	}
	for range 2 {
		got := in.Args()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		got[0].Value.([]byte)[0], got[1].Name = 9, "changed" // they are the caller's own
	}
	if args[0].Name != "changed" || args[5].Name != "yes" {
		t.Errorf("the caller's list has another order: %v", args)
	}
}

// TestInputsCompare: by their values, whatever order they came in.
func TestInputsCompare(t *testing.T) {
	x, y := flow.Arg{Name: "x", Value: 1}, flow.Arg{Name: "y", Value: 2}
	in := inputs(t, flow.Args{x, y})
	if in != inputs(t, flow.Args{y, x}) {
		t.Error("their order matters")
	}
	for _, other := range []flow.Args{nil, {x}, {x, {Name: "y", Value: 3}}, {x, {Name: "z", Value: 2}}, {x, {Name: "y", Value: "2"}}} {
		if in == inputs(t, other) {
			t.Errorf("they are equal to %v", other)
		}
	}
	for _, none := range []Inputs{{}, inputs(t, nil), inputs(t, flow.Args{})} {
		if none != (Inputs{}) || none.Args() != nil {
			t.Errorf("none are %v", none.Args())
		}
	}
}

func TestInputsAreChecked(t *testing.T) {
	for want, args := range map[string]flow.Args{
		"no name":    {{Name: "x"}, {Value: 1}},
		`"x" is the`: {{Name: "x", Value: 1}, {Name: "a"}, {Name: "x", Value: 1}},
		`"f": a fun`: {{Name: "f", Value: func() {}}},
		`"u": 1844`:  {{Name: "u", Value: uint64(math.MaxUint64)}},
	} {
		if in, err := NewInputs(args); err == nil || !strings.Contains(err.Error(), want) || in != (Inputs{}) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestInputsStay: a job has the inputs of its posting wherever it is and whoever looks, also after it was
// in the trash.
func TestInputsStay(t *testing.T) {
	inOffice(t, func(o *office) {
		in := inputs(t, flow.Args{{Name: "x", Value: 1}})
		o.must(o.Post(o.ctx, Posting{ID: "j", Inputs: in}))
		a := o.session("a")
		check := func(where string, got Inputs) {
			o.Helper()
			if got != in {
				o.Errorf("%s: %v", where, got.Args())
			}
		}
		for _, where := range []string{"posted", "restored"} {
			jobs, err := o.List(o.ctx)
			o.must(err)
			check(where+", listed", jobs[0].Inputs)
			check(where+", found", o.job("j").Inputs)
			v := o.NewView(a, o.host.NewSignal())
			snap, err := o.store.Range(o.ctx, boardPrefix)
			o.must(err)
			v.replace(snap)
			next, _ := v.Next(time.Now())
			check(where+", in the view", next.Inputs)
			c, err := o.Claim(o.ctx, a, next)
			o.must(err)
			check(where+", claimed", c.Job.Inputs)
			o.must(o.Abandon(o.ctx, c, Abandonment{}))
			check(where+", abandoned", o.job("j").Inputs)
			c = o.claim(a, "j")
			adopted, err := o.Adopt(o.ctx, a, o.job("j"))
			o.must(err)
			check(where+", adopted", adopted.Job.Inputs)
			o.must(o.Trash(o.ctx, c, ByOperator, nil))
			trash, err := o.TrashList(o.ctx)
			o.must(err)
			check(where+", trashed", trash[0].Inputs)
			o.must(o.Restore(o.ctx, "j"))
		}
		o.claim(a, "j")
		o.must(a.Close(o.ctx))
		o.must(o.TrashExhausted(o.ctx, o.job("j"), "b"))
		trash, err := o.TrashList(o.ctx)
		o.must(err)
		check("buried", trash[0].Inputs)
	})
}

// TestOtherInputsAreAnotherPosting: a posting without an answer is told from one that differs in its inputs
// only.
func TestOtherInputsAreAnotherPosting(t *testing.T) {
	for _, theirs := range []int{1, 2} {
		inOffice(t, func(o *office) {
			p := Posting{ID: "j", Posted: time.Unix(1, 0), Inputs: inputs(t, flow.Args{{Name: "x", Value: 1}})}
			other := p
			other.Inputs = inputs(t, flow.Args{{Name: "x", Value: theirs}})
			o.store.plan(labelPost, loseRequest)
			o.store.failReads(errDown)
			time.AfterFunc(time.Millisecond, func() {
				o.store.failReads(nil)
				o.must(o.Post(o.ctx, other))
			})
			if err := o.Post(o.ctx, p); (err == nil) != (other == p) || err != nil && !errors.Is(err, ErrExists) {
				o.Errorf("%d: %v", theirs, err)
			}
		})
	}
}

// TestImpossibleInputs have good checksums, and say what NewInputs never says. Their job is left alone and
// named.
func TestImpossibleInputs(t *testing.T) {
	list := func(count uint64, fields ...string) []byte {
		w := record.Begin(inputsRecord, recordVersion, 16)
		w.Uint(count)
		for _, f := range fields {
			w.Text(f)
		}
		return w.End()
	}
	posting := func(version byte, stored []byte) []byte {
		w := record.Begin(postingRecord, version, 32)
		p := somePosting()
		appendPosting(&w, &p)
		if stored != nil {
			w.Bytes(stored)
		}
		return w.End()
	}
	const one, two = "\x03\x02", "\x03\x04"
	good := list(2, "x", one, "y", two)
	if p, err := decodePosting(posting(withInputs, good), "j"); err != nil || len(p.Inputs.Args()) != 2 {
		t.Fatal(p, err)
	}
	flipped := list(1, "x", one)
	flipped[7] ^= 1
	for name, stored := range map[string][]byte{
		"none, and it says so":     posting(withInputs, list(0)),
		"none":                     posting(withInputs, []byte{}),
		"not even none":            posting(withInputs, nil),
		"of the version without":   posting(recordVersion, good),
		"of no version":            posting(withInputs+1, good),
		"not in order":             posting(withInputs, list(2, "y", one, "x", two)),
		"twice":                    posting(withInputs, list(2, "x", one, "x", one)),
		"without a name":           posting(withInputs, list(1, "", one)),
		"without a value":          posting(withInputs, list(1, "x", "")),
		"of an unknown kind":       posting(withInputs, list(1, "x", "\xff")),
		"fewer than it says":       posting(withInputs, list(2, "x", one+"    ")),
		"more than it says":        posting(withInputs, list(1, "x", one, "y", two)),
		"more than there could be": posting(withInputs, list(1<<40, "x", one)),
		"flipped":                  posting(withInputs, flipped),
		"of another kind":          posting(withInputs, encodeEntity(&Entity{})),
	} {
		var damaged *record.DamagedError
		if p, err := decodePosting(stored, "j"); !errors.As(err, &damaged) {
			t.Errorf("%s: %+v is read, %v", name, p, err)
		}
		inOffice(t, func(o *office) {
			o.post("j")
			o.store.Commit(o.ctx, store.Txn{Then: []store.Op{store.Put(postingPrefix+"j", stored)}})
			if jobs, err := o.List(o.ctx); len(jobs) != 0 || !errors.As(err, &damaged) || !strings.Contains(err.Error(), "j/j") {
				o.Errorf("%s: listed %v, %v", name, jobs, err)
			}
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("inputs that nobody made have values")
		}
	}()
	Inputs{"?"}.Args()
}
