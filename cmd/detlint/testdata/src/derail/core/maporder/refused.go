// Package maporder breaks the rule of that name.
package maporder

import "sort"

type entry struct {
	total, count int
	name         string
	parent       *entry
	items        []string
}

func (e *entry) grow() int { e.total++; return e.total }

type ledger struct {
	entries map[string]*entry
	count   int
	share   float64
	names   []string
	first   string
}

func (l *ledger) publish() {}

var noted int

func note(string) bool {
	noted++
	return true
}

func calls(m map[string]int, f func(string)) {
	for k := range m { // want `range over a map whose order can be seen: it calls f, which may see the order: .*\(maporder\)`
		f(k)
	}
	for k, v := range m { // want `it calls note`
		if note(k) {
			delete(m, k)
		}
		_ = v
	}
	for _, v := range m { // want `it makes a function`
		g := func() int { return v }
		_ = g
	}
}

func lastWins(m map[string]*entry, l *ledger) (last string) {
	for k := range m { // want `it assigns last, which keeps whatever entry came last`
		last = k
	}
	for k, v := range m { // want `it assigns l.first`
		l.first = k + v.name
	}
	for k, v := range m { // want `it assigns l.entries\[v.name\]`
		l.entries[v.name] = v
		_ = k
	}
	for last = range m { // want `its variables outlive it`
	}
	for k := range m { // want `it assigns its own key`
		k = "x"
		l.entries[k] = nil
	}
	for _, v := range m { // want `it assigns l.first, which keeps`
		var a, b any
		_, _ = a, b
		l.first, _ = a.(string)
		a = v
	}
	return last
}

func early(m map[string]*entry, n int) string {
	for k := range m { // want `it returns k, of whatever entry came first`
		return k
	}
	for _, v := range m { // want `its break stops at an entry that the order chose`
		if v.total > 1 {
			break
		}
	}
	for _, v := range m { // want `it returns one of several answers`
		if v.total > 1 {
			return "many"
		}
		return "one"
	}
	for _, v := range m { // want `it returns early, when the order has chosen how much was done`
		n += v.total
		if v.total == 0 {
			return "none"
		}
	}
outer:
	for range 3 {
		for k := range m { // want `its continue stops`
			if k == "" {
				continue outer
			}
		}
	}
	return ""
}

func sums(m map[string]*entry, l *ledger) (s string, f float64, n int) {
	for k := range m { // want `it adds up s, which is not an integer`
		s += k
	}
	for _, v := range m { // want `it adds up l.share, which is not an integer`
		l.share += float64(v.total)
	}
	for _, v := range m { // want `it changes n by <<, which does not commute`
		n <<= v.total
	}
	for _, v := range m { // want `it changes n in two ways`
		n += v.total
		n *= v.count
	}
	for _, v := range m { // want `it assigns f, which keeps`
		f = max(f, float64(v.total))
	}
	for _, v := range m { // want `it reads n while it changes it`
		n++
		l.count += v.total * n
	}
	for range m {
		n++ // accepted: every turn is the same
	}
	return s, f, n
}

func entries(m map[string]*entry, l *ledger) {
	for _, v := range m { // want `it reads v.total while it changes it`
		v.total = v.parent.total + 1
	}
	for k, v := range m { // want `it changes other entries of the map that it walks`
		m[v.name] = nil
		_ = k
	}
	for _, v := range m { // want `it changes other entries of the map that it walks`
		delete(m, v.name)
	}
	for k, v := range m { // want `it reads m while it changes it`
		if m[v.name] != nil {
			delete(m, k)
		}
	}
	for k, v := range m { // want `it changes l.entries in two ways`
		l.entries[v.name] = nil
		delete(l.entries, k)
	}
	for _, v := range m { // want `it calls v.grow`
		l.count += v.grow()
	}
	for _, v := range l.entries { // want `it calls l.publish`
		l.count += v.total
		l.publish()
	}
}

func collected(m map[string]*entry, l *ledger) []string {
	var keys []string
	for k := range m { // want `nothing after it in the same block sorts keys`
		keys = append(keys, k)
	}
	println(len(keys))
	sort.Strings(keys)
	for k := range m { // want `nothing after it in the same block sorts l.names`
		l.names = append(l.names, k)
	}
	l.publish()
	sort.Strings(l.names)
	groups := map[int][]string{}
	for k, v := range m { // want `it appends to groups\[v.total\] in the map's order`
		groups[v.total] = append(groups[v.total], k)
	}
	if len(m) > 0 {
		for k := range m { // want `nothing after it in the same block sorts keys`
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	return keys
}

func nested(m map[string]map[string]int, each func(func(string) bool)) map[string]int {
	flat := map[string]int{}
	for _, inner := range m { // want `it assigns flat\[k\], which keeps`
		for k, v := range inner {
			flat[k] = v
		}
	}
	for range m {
		for k := range m { // want `it calls note`
			note(k)
		}
	}
	for k := range m { // want `it walks each, which may see the order`
		for range each {
		}
		delete(m, k)
	}
	return flat
}

func generic[M ~map[K]V, K comparable, V any](m M, f func(K)) {
	for k := range m { // want `it calls f`
		f(k)
	}
}

type table interface {
	any
	comparableToNil
}

type comparableToNil interface{ ~map[string]int }

func union[M table](m M, f func(string)) {
	for k := range m { // want `it calls f`
		f(k)
	}
}
