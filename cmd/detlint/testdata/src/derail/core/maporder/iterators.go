package maporder

import (
	"iter"
	"maps"
	"reflect"
	"slices"
	"sync"
)

func refusedIterators(m map[string]int, s *sync.Map, f func(iter.Seq[string])) []string {
	for k := range maps.Keys(m) { // want `the order of maps.Keys can be seen: `
		println(k)
	}
	for _, v := range maps.All(m) { // want `the order of maps.All can be seen`
		println(v)
	}
	for v := range maps.Values(m) { // want `the order of maps.Values can be seen`
		println(v)
	}
	f(maps.Keys(m))               // want `the order of maps.Keys can be seen through`
	keys := slices.Collect(maps.Keys(m)) // want `maps.Keys can be seen through slices.Collect`
	println(keys[0])
	slices.Sort(keys)
	keys = slices.AppendSeq(keys, maps.Keys(m)) // want `maps.Keys can be seen through slices.AppendSeq`
	walk := maps.Keys[map[string]int]           // want `maps.Keys as a value`
	_ = walk
	for i, v := range slices.Collect(maps.Values(m)) { // want `maps.Values can be seen through slices.Collect`
		println(i, v)
	}
	s.Range(func(k, v any) bool { return true }) // want `\(\*sync.Map\).Range`
	_ = reflect.ValueOf(m).MapKeys()             // want `\(reflect.Value\).MapKeys`
	_ = reflect.ValueOf(m).MapRange()            // want `\(reflect.Value\).MapRange`
	_ = reflect.ValueOf(m).Seq()                 // want `\(reflect.Value\).Seq`
	_ = reflect.ValueOf(m).Seq2()                // want `\(reflect.Value\).Seq2`
	maps.DeleteFunc(m, func(k string, v int) bool { // want `maps.DeleteFunc calls back in the map's order`
		println(k)
		return true
	})
	maps.DeleteFunc(m, predicate) // want `maps.DeleteFunc calls back in the map's order`
	return slices.Collect(maps.Keys(m)) // want `maps.Keys can be seen through slices.Collect`
}

func predicate(string, int) bool { return true }

func acceptedIterators(m map[string]int, less func(a, b string) int) []string {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		println(k)
	}
	keys := slices.Collect(maps.Keys(m))
	if len(m) > 3 {
		m = maps.Collect(maps.All(m))
	}
	slices.Sort(keys)
	keys = slices.AppendSeq(keys, maps.Keys[map[string]int](m))
	slices.SortFunc(keys, less)
	maps.Insert(m, maps.All(m))
	maps.DeleteFunc(m, func(k string, v int) bool { return v > 3 && len(k) > 0 })
	maps.Copy(m, maps.Clone(m))
	clear(m)
	return slices.SortedFunc(maps.Keys(m), less)
}
