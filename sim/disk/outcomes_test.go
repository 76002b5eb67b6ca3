package disk

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"

	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// every runs body with every possible sequence of answers to its draws.
func every(t *testing.T, body func(*choice.Source)) {
	t.Helper()
	var answers, among []uint64
	for runs := 0; ; runs++ {
		if runs > 3_000_000 {
			t.Fatal("too many ways")
		}
		at := 0
		body(choice.FromFunc(func(_ choice.Address, n uint64) uint64 {
			if at == len(answers) {
				answers, among = append(answers, 0), append(among, n)
			}
			at++
			return answers[at-1]
		}))
		for len(answers) > 0 && answers[len(answers)-1]+1 == among[len(answers)-1] {
			answers, among = answers[:len(answers)-1], among[:len(among)-1]
		}
		if len(answers) == 0 {
			return
		}
		answers[len(answers)-1]++
	}
}

// tearing tears whatever it may.
type tearing struct{}

func (tearing) Disk(int64, int, fault.DiskOp) fault.Disk { return fault.Disk{} }
func (tearing) Torn(int64) bool                          { return true }

// atoms is content with a letter for each atom: of one that is torn the smaller letter of its beginning.
func atoms(t *testing.T, content []byte) string {
	t.Helper()
	var letters strings.Builder
	for piece := range slices.Chunk(content, atom) {
		first, last := piece[0], piece[len(piece)-1]
		if bytes.Count(piece, []byte{first})+bytes.Count(piece, []byte{last}) != len(piece) && first != last {
			t.Errorf("an atom that is %q at its beginning, %q in its end, and something else as well", first, last)
		}
		switch {
		case first == 0:
			first = '0'
		case first == garbage:
			first = '?'
		}
		letter := string(rune(first))
		if first := piece[0]; len(piece) < atom || first != last {
			letter = strings.ToLower(letter)
		}
		letters.WriteString(letter)
	}
	return letters.String()
}

// doing is something that is done to a disk; places are counted in atoms, and a letter fills one.
type doing func(d *Disk)

func writes(name string, at int64, letters string) doing {
	return func(d *Disk) {
		var p []byte // one write for all of them
		for i := range len(letters) {
			p = append(p, bytes.Repeat([]byte{letters[i]}, atom)...)
		}
		d.names[name].write(p, at*atom)
	}
}

func cuts(name string, at int64) doing { return func(d *Disk) { d.names[name].truncate(at * atom) } }
func syncs(name string) doing          { return func(d *Disk) { d.names[name].sync() } }
func lies(name string) doing           { return func(d *Disk) { d.names[name].pretend() } }
func creates(name string) doing        { return func(d *Disk) { d.create(name) } }
func removes(name string) doing        { return func(d *Disk) { d.remove(name) } }
func syncsDirectory() doing            { return func(d *Disk) { d.sync() } }

// TestOutcomes: of what was not synced, everything that may be there after a loss of power is there
// with some draws, and nothing else is with any.
func TestOutcomes(t *testing.T) {
	a := func(letters string) []doing { // a file that is safe
		return []doing{creates("a"), writes("a", 0, letters), syncs("a"), syncsDirectory()}
	}
	for name, c := range map[string]struct {
		before, does []doing
		torn         bool
		want         []string
	}{
		"nothing":        {a("AA"), nil, false, []string{"a:AA"}},
		"a write":        {a("AA"), []doing{writes("a", 1, "B")}, false, []string{"a:AA", "a:AB"}},
		"a synced write": {a("AA"), []doing{writes("a", 1, "B"), syncs("a")}, false, []string{"a:AB"}},
		"a write and a lie": {
			a("AA"), []doing{writes("a", 1, "B"), lies("a")}, false, []string{"a:AA", "a:AB"},
		},
		"a lie, then the truth": {
			a("A"), []doing{writes("a", 0, "B"), lies("a"), syncs("a")}, false, []string{"a:B"},
		},
		"two writes": {
			a("AA"),
			[]doing{writes("a", 0, "B"), writes("a", 1, "C")},
			false,
			[]string{"a:AA", "a:BA", "a:AC", "a:BC"},
		},
		"two writes of the same": {
			a("A"),
			[]doing{writes("a", 0, "B"), writes("a", 0, "C")},
			false,
			[]string{"a:A", "a:B", "a:C"},
		},
		"a sync between": {
			a("AA"),
			[]doing{writes("a", 0, "B"), syncs("a"), writes("a", 1, "C")},
			false,
			[]string{"a:BA", "a:BC"},
		},
		"a file that grows": {
			a("A"), []doing{writes("a", 1, "B")}, false, []string{"a:A", "a:AB", "a:A0", "a:A?"},
		},
		"a file that grows twice": {
			a("A"),
			[]doing{writes("a", 1, "B"), writes("a", 2, "C")},
			false,
			[]string{
				"a:A", "a:AB", "a:A0", "a:A?", // C dropped without a trace
				"a:A0C", "a:A?C", "a:ABC", // C kept
				"a:A00", "a:A??", "a:AB0", "a:AB?", "a:A0?", "a:A?0", // C dropped, and the file has grown
			},
		},
		"a write torn": {
			a("AA"),
			[]doing{writes("a", 0, "BB")},
			true,
			[]string{"a:AA", "a:BA", "a:AB", "a:BB", "a:bA", "a:bB", "a:Ab", "a:Bb"},
		},
		"a file that grows, torn": {
			a("A"),
			[]doing{writes("a", 1, "BB")},
			true,
			[]string{
				"a:A", "a:AB", "a:ABB", "a:A0B", "a:A?B", "a:Ab", "a:ABb", "a:A0b", "a:A?b", "a:AbB",
				"a:A00", "a:A??", "a:AB0", "a:AB?", "a:Ab0", "a:Ab?", // it has grown by more than is there
			},
		},
		"a truncation": {a("AA"), []doing{cuts("a", 1)}, false, []string{"a:AA", "a:A"}},
		"a truncation, and a write": {
			a("AA"),
			[]doing{cuts("a", 0), writes("a", 0, "B")},
			false,
			[]string{"a:AA", "a:", "a:BA", "a:B", "a:0", "a:?"},
		},
		"a truncation, and a write beyond": {
			a("AA"),
			[]doing{cuts("a", 0), writes("a", 1, "B")},
			false,
			[]string{"a:AA", "a:AB", "a:", "a:0B", "a:00", "a:??"},
		},
		"a new file": {nil, []doing{creates("a")}, false, []string{"", "a:"}},
		"a new file, synced, but not its name": {
			nil,
			[]doing{creates("a"), writes("a", 0, "A"), syncs("a")},
			false,
			[]string{"", "a:A"},
		},
		"a new file, and its name synced": {
			nil,
			[]doing{creates("a"), writes("a", 0, "A"), syncsDirectory()},
			false,
			[]string{"a:", "a:A", "a:0", "a:?"},
		},
		"a deletion":        {a("A"), []doing{removes("a")}, false, []string{"", "a:A"}},
		"a synced deletion": {a("A"), []doing{removes("a"), syncsDirectory()}, false, []string{""}},
		"a file in the place of another": {
			a("A"),
			[]doing{removes("a"), creates("a"), writes("a", 0, "B"), syncs("a")},
			false,
			[]string{"", "a:A", "a:B"},
		},
		"a deletion undone with what was written before": {
			a("A"),
			[]doing{writes("a", 0, "B"), removes("a")},
			false,
			[]string{"", "a:A", "a:B"},
		},
		"two files": {
			slices.Concat(a("A"), []doing{creates("b"), syncsDirectory()}),
			[]doing{removes("a"), removes("b")},
			false,
			[]string{"", "a:A", "b:", "a:A b:"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			k := kernel.New(kernel.Config{Source: choice.Seeded(1)})
			defer k.Close()
			d := New()
			every(t, func(source *choice.Source) {
				config := Config{Kernel: k, Source: source}
				if c.torn {
					config.Faults = tearing{}
				}
				d.Reset(config)
				for _, do := range slices.Concat(c.before, c.does) {
					do(d)
				}
				d.LosePower()
				seen[contents(t, d)] = true
			})
			got := slices.Sorted(maps.Keys(seen))
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("there are %q, and there may be %q", got, c.want)
			}
		})
	}
}

// TestReservedByTheDead: a journal is hot although its writer has not given up its lock, if it is dead.
func TestReservedByTheDead(t *testing.T) {
	source := choice.Seeded(1)
	k := kernel.New(kernel.Config{Source: source})
	defer k.Close()
	d := New()
	defer d.Close()
	d.Reset(Config{Kernel: k, Source: source})
	f := d.create("a")
	var handles []*handle
	for _, name := range []string{"one", "two"} {
		m := d.mountOf(k.Node(name).Boot(), 0)
		handles = append(handles, &handle{mount: m, file: f, epoch: d.epoch})
	}
	writer, other := handles[0], handles[1]
	for _, level := range []vfs.LockLevel{vfs.LOCK_SHARED, vfs.LOCK_RESERVED} {
		if err := writer.Lock(level); err != nil {
			t.Fatal(err)
		}
	}
	if reserved, err := other.CheckReservedLock(); !reserved || err != nil {
		t.Errorf("while the writer lives: %t, %v", reserved, err)
	}
	writer.mount.machine.Crash()
	if reserved, err := other.CheckReservedLock(); reserved || err != nil {
		t.Errorf("when the writer is dead: %t, %v", reserved, err)
	}
}

// contents are the files, and what is in them; readers must see what is safe.
func contents(t *testing.T, d *Disk) string {
	t.Helper()
	var all []string
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		f := d.names[name]
		if !bytes.Equal(f.current, f.durable) || len(f.pending) > 0 {
			t.Fatalf("after a loss of power readers see %q, and on the disk is %q", f.current, f.durable)
		}
		all = append(all, name+":"+atoms(t, f.current))
	}
	return strings.Join(all, " ")
}
