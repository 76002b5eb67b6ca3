package jobboard

import (
	"testing"

	"pgregory.net/rapid"
)

// TestQueue adds, takes from the front and takes from the middle, and compares with a plain search.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		q := queue{before: claimedFirst}
		in := map[*sighting]bool{}
		var all []*sighting
		r.Repeat(map[string]func(*rapid.T){
			"add": func(r *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(r, "n") {
					s := &sighting{priority: Priority(rapid.IntRange(-2, 2).Draw(r, "priority"))}
					s.id = rapid.StringMatching("[a-z]{3}").Draw(r, "id")
					q.add(s)
					in[s] = true
					all = append(all, s)
				}
			},
			"remove": func(r *rapid.T) {
				if len(all) == 0 {
					r.Skip("empty")
				}
				if s := rapid.SampledFrom(all).Draw(r, "job"); in[s] {
					q.remove(s)
					delete(in, s)
				}
			},
			"": func(r *rapid.T) {
				if len(q.heap) != len(in) || (q.first() == nil) != (len(in) == 0) {
					r.Fatalf("it holds %d of %d", len(q.heap), len(in))
				}
				for s := range in {
					if s.in != &q || q.heap[s.place] != s || s.before(q.first()) {
						r.Fatalf("%+v is not before %+v", q.first(), s)
					}
				}
			},
		})
		for len(in) > 0 {
			first := q.first()
			for s := range in {
				if s.before(first) {
					r.Fatalf("%+v is not before %+v", first, s)
				}
			}
			q.remove(first)
			delete(in, first)
		}
	})
}
