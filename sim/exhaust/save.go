package exhaust

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// magic begins a saved exploration; the number is that of its form.
const magic = "derail exploration 1\n"

// most is how long a list in a saved exploration can be, and how long a name: more is no list that was
// saved.
const most = 1 << 32

// Save writes down how far the exploration of a world has come, so that [Load] can go on from there. Runs
// that are out count as not made. What the world is called says what it is: it must be the same when the
// exploration goes on, to the last byte of its scenario, and so must the program.
func (e *Explorer) Save(to io.Writer, world string) error {
	s := saver{bufio.NewWriter(to)}
	s.text(magic)
	s.text(world)
	c := &e.coverage
	b := &e.bounds
	for _, n := range [...]int64{
		int64(b.Preemptions), int64(b.Steps), int64(b.Wide), int64(b.Samples), int64(b.Late), flag(b.All),
		int64(c.Runs), int64(c.Pruned), c.Steps, int64(c.Longest), int64(c.Choices), int64(c.Bounded), int64(c.Cut),
		int64(c.Strayed), int64(c.Failed), int64(e.asked),
	} {
		s.number(n)
	}
	s.number(int64(len(c.Sampled)))
	for _, name := range slices.Sorted(maps.Keys(c.Sampled)) {
		s.text(name)
		s.number(int64(c.Sampled[name]))
	}
	s.number(int64(len(e.open) + len(e.out)))
	for i := range e.open {
		s.prefix(e.open[i].prefix())
	}
	out := slices.SortedFunc(maps.Keys(e.out), func(a, b *Run) int { return cmp.Compare(b.number, a.number) })
	for _, r := range out {
		s.prefix(r.prefix)
	}
	for _, set := range [...]map[uint64]struct{}{e.visited, e.histories, e.given} {
		s.set(set)
	}
	return s.Flush()
}

// ErrOther is what [Load] returns where an exploration is of another world.
var ErrOther = errors.New("it is the exploration of another world")

// Load reads what [Explorer.Save] has written for a world of the same name.
func Load(from io.Reader, world string) (*Explorer, error) {
	l := loader{Reader: bufio.NewReader(from)}
	if l.text() != magic {
		return nil, errors.New("it is not a saved exploration, or one of another derail")
	}
	if of := l.text(); l.err == nil && of != world {
		return nil, fmt.Errorf("%w: %q, and this is %q", ErrOther, of, world)
	}
	var b Bounds
	b.Preemptions, b.Steps, b.Wide = l.count(), l.count(), uint64(l.number())
	b.Samples, b.Late, b.All = l.count(), l.count(), l.number() != 0
	e := New(b)
	c := &e.coverage
	c.Runs, c.Pruned, c.Steps, c.Longest = l.count(), l.count(), l.number(), l.count()
	c.Choices, c.Bounded, c.Cut, c.Strayed = l.count(), l.count(), l.count(), l.count()
	c.Failed, e.asked = l.count(), uint64(l.number())
	for n := l.length(); n > 0 && l.err == nil; n-- {
		name := l.text()
		c.Sampled[name] = l.count()
	}
	e.open = e.open[:0]
	for n := l.length(); n > 0 && l.err == nil; n-- {
		e.open = append(e.open, l.way())
	}
	for _, set := range [...]map[uint64]struct{}{e.visited, e.histories, e.given} {
		l.set(set)
	}
	if l.err != nil {
		return nil, fmt.Errorf("it cannot be read to its end: %w", l.err)
	}
	return e, nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// saver writes numbers so that small ones are short. An error is kept by the writer until Flush.
type saver struct{ *bufio.Writer }

func (s saver) number(n int64) {
	var room [binary.MaxVarintLen64]byte
	_, _ = s.Write(binary.AppendVarint(room[:0], n))
}

func (s saver) text(text string) {
	s.number(int64(len(text)))
	_, _ = s.WriteString(text)
}

func (s saver) prefix(choices []uint16) {
	s.number(int64(len(choices)))
	for _, c := range choices {
		s.number(int64(c))
	}
}

func (s saver) set(set map[uint64]struct{}) {
	s.number(int64(len(set)))
	for _, hash := range slices.Sorted(maps.Keys(set)) {
		_, _ = s.Write(binary.LittleEndian.AppendUint64(nil, hash))
	}
}

// loader reads what a saver has written. After an error it reads zeros.
type loader struct {
	*bufio.Reader
	err error
}

func (l *loader) number() int64 {
	if l.err != nil {
		return 0
	}
	n, err := binary.ReadVarint(l.Reader)
	l.err = err
	return n
}

func (l *loader) count() int { return int(l.number()) }

func (l *loader) length() int64 {
	n := l.number()
	if n < 0 || n > most {
		l.err = errors.New("a list is too long")
		return 0
	}
	return n
}

func (l *loader) text() string {
	n := l.length()
	if n > 4096 {
		l.err = errors.New("a name is too long")
		return ""
	}
	text := make([]byte, n)
	l.fill(text)
	return string(text)
}

func (l *loader) fill(to []byte) {
	if l.err == nil {
		_, l.err = io.ReadFull(l.Reader, to)
	}
}

// way reads the choices of a run to be made; that of the very first has none.
func (l *loader) way() way {
	n := l.length()
	var choices []uint16
	for i := int64(0); i < n && l.err == nil; i++ {
		choices = append(choices, uint16(l.number()))
	}
	if last := len(choices) - 1; last >= 0 {
		return way{choices, last, choices[last]}
	}
	return way{}
}

func (l *loader) set(into map[uint64]struct{}) {
	var room [8]byte
	n := l.length()
	for i := int64(0); i < n && l.err == nil; i++ {
		if l.fill(room[:]); l.err == nil {
			into[binary.LittleEndian.Uint64(room[:])] = struct{}{}
		}
	}
}
