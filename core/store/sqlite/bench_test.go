package sqlite_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/core/store/sqlite"
)

// The stores that are compared: sqlite on the machine's disk, sqlite on a disk in memory, which is
// what the engine itself costs, and the store that is nothing but memory.
var benched = []struct {
	name string
	open func(b *testing.B) store.Store
}{
	{"file", func(b *testing.B) store.Store {
		return open(b, sqlite.Config{Path: filepath.Join(b.TempDir(), "store.db")})
	}},
	{"disk-in-memory", func(b *testing.B) store.Store {
		return open(b, sqlite.Config{Path: newDisk().process(b, "bench").path()})
	}},
	{"memory", func(b *testing.B) store.Store {
		s := memory.New(host.Real())
		b.Cleanup(s.Close)
		return s
	}},
}

// fill makes keys as a jobboard has them: a job and its claim, which one transaction changes.
func fill(b *testing.B, s store.Store, jobs int) (job, claim []string, changed []store.Revision) {
	for i := range jobs {
		job = append(job, "board/main/job/"+strconv.Itoa(100000+i))
		claim = append(claim, "board/main/claim/"+strconv.Itoa(100000+i))
		commit := s.Commit(b.Context(), store.Txn{Then: []store.Op{
			store.Put(job[i], make([]byte, 200)), store.Put(claim[i], make([]byte, 200)),
		}})
		if commit.Outcome != store.Done {
			b.Fatal(commit.Err)
		}
		changed = append(changed, commit.Revision)
	}
	return job, claim, changed
}

func BenchmarkCommit(b *testing.B) {
	for _, c := range benched {
		b.Run(c.name, func(b *testing.B) {
			s := c.open(b)
			job, claim, changed := fill(b, s, 1000)
			value := make([]byte, 200)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i++; i == len(job) {
					i = 0
				}
				commit := s.Commit(context.Background(), store.Txn{
					If: []store.Compare{
						{Key: job[i], Condition: store.ChangedAt, Revision: changed[i]},
						{Key: claim[i], Condition: store.Present},
					},
					Then: []store.Op{store.Put(job[i], value), store.Put(claim[i], value)},
				})
				if commit.Outcome != store.Done {
					b.Fatal(commit.Err)
				}
				changed[i] = commit.Revision
			}
			b.ReportMetric(perSecond(b), "txn/s")
		})
	}
}

// perSecond is how many rounds there are in a second.
func perSecond(b *testing.B) float64 { return float64(b.N) / b.Elapsed().Seconds() }

func BenchmarkRenew(b *testing.B) {
	for _, c := range benched {
		b.Run(c.name, func(b *testing.B) {
			s := c.open(b)
			lease, err := s.Grant(b.Context(), time.Hour)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Renew(context.Background(), lease); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	for _, c := range benched {
		b.Run(c.name, func(b *testing.B) {
			s := c.open(b)
			job, _, _ := fill(b, s, 1000)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i++; i == len(job) {
					i = 0
				}
				if _, _, err := s.Get(context.Background(), job[i]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRange(b *testing.B) {
	for _, c := range benched {
		b.Run(c.name, func(b *testing.B) {
			s := c.open(b)
			fill(b, s, 1000)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Range(context.Background(), "board/main/job/"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen is what a restart of a process costs, up to its first read.
func BenchmarkOpen(b *testing.B) {
	for _, c := range []struct{ name, path string }{
		{"file", filepath.Join(b.TempDir(), "store.db")},
		{"disk-in-memory", newDisk().process(b, "bench").path()},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := sqlite.Open(context.Background(), sqlite.Config{Path: c.path, Host: host.Real()})
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := s.Get(context.Background(), "key"); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
