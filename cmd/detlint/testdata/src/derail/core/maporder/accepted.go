package maporder

import (
	"cmp"
	"errors"
	"slices"
	"sort"
	"strings"
	"time"
)

type kind string

type node struct {
	up     bool
	lease  time.Time
	seen   map[string]bool
	marks  []string
	byName struct{ n int }
}

func (n *node) expired(now time.Time) bool { return !n.up || n.lease.Before(now) }

func sum(m map[kind]*node, n int) (total, bits int, most string, any bool) {
	best := 0
	for k, v := range m {
		if !v.up {
			continue
		}
		total += len(v.marks) + n
		total--
		bits |= len(k)
		best = max(best, len(v.marks))
		most = max(most, string(k))
		any = any || v.up && strings.HasPrefix(string(k), "a")
	}
	return total + best, bits, most, any
}

func exists(m map[kind]*node, now time.Time) (bool, error) {
	for _, v := range m {
		if v.expired(now) {
			return false, errExpired
		}
	}
	found := false
	for k := range m {
		switch k {
		case "a", "b":
			found = true
			break
		default:
			found = true
		}
	}
	return found, nil
}

var errExpired = errors.New("expired")

func copies(m map[kind]*node, byPlace []int, at, gone map[int]int) map[kind]int {
	out := make(map[kind]int, len(m))
	names := map[string]kind{}
	set := map[string]bool{}
	count := map[int]int{}
	for k, v := range m {
		out[k] = len(v.marks)
		out[k]++
		names[string(k)] = k
		for i, mark := range v.marks {
			if i > 3 {
				break
			}
			set[mark] = true
			count[len(mark)]++
		}
		if _, known := at[len(v.marks)]; known {
			delete(gone, 3)
		}
	}
	for i, n := range at {
		byPlace[i] = n
	}
	return out
}

func touch(m map[kind]*node, now time.Time) {
	for k, v := range m {
		if v.expired(now) {
			delete(m, k)
			continue
		}
		v.up = false
		v.byName.n = len(v.marks)
		v.seen[string(k)] = true
		var pair struct{ a, b int }
		pair.a = 1
		pair.b = pair.a + len(v.marks)
		v.marks = append(v.marks, string(k))
		v.lease = v.lease.Add(time.Duration(pair.b))
	}
	for k := range m {
		m[k] = nil
	}
}

type byLength []string

func (b byLength) Len() int           { return len(b) }
func (b byLength) Less(i, j int) bool { return b[i] < b[j] }
func (b byLength) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

type board struct{ names []string }

func collect(m map[kind]*node, b *board) []string {
	var keys, more, last []string
	for k, v := range m {
		if v.up {
			keys = append(keys, string(k))
		}
		more = append(more, v.marks...)
	}
	if len(m) == 0 {
		return nil
	}
	slices.Sort(keys)
	sort.Sort(sort.Reverse(byLength(more)))
	for k := range m {
		b.names = append(b.names, string(k))
	}
	slices.SortFunc(b.names, cmp.Compare)
	switch {
	case len(m) > 1:
	loop:
		for k := range m {
			last = append(last, string(k))
		}
		if len(m) > 2 {
			goto loop
		}
		sort.Slice(last, func(i, j int) bool { return last[i] < last[j] })
	}
	return slices.Concat(keys, more, last)
}

func slicesAreOrdered(list []string, text string, f func(string)) {
	for _, s := range list {
		f(s)
	}
	for i := range 3 {
		f(list[i])
	}
	for part := range strings.SplitSeq(text, ",") {
		f(part)
	}
}

func clearOthers(m map[kind]*node, cache map[kind]map[string]int) (n int) {
	for k := range m {
		for name := range cache[k] {
			n += len(name)
		}
		for _, name := range slices.Sorted(slices.Values(m[k].marks)) {
			n += len(name)
		}
		cache[k] = nil
	}
	return n
}

func totals(m map[string]*entry, all *entry) {
	for k, v := range m {
		all.total += v.total
		all.count += v.count
		v.total = 0
		m[k].count = v.count + m[k].count
	}
}
