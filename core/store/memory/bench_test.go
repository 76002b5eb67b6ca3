package memory_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
)

// boardKeys are keys as a jobboard has them: a job and its claim, each changed by one transaction.
func boardKeys(jobs int) (job, claim []string) {
	for i := range jobs {
		job = append(job, "board/main/job/"+strconv.Itoa(100000+i))
		claim = append(claim, "board/main/claim/"+strconv.Itoa(100000+i))
	}
	return job, claim
}

func filled(jobs int) (m *memory.Machine, job, claim []string, value []byte) {
	m = memory.NewMachine()
	job, claim = boardKeys(jobs)
	value = make([]byte, 200)
	for i := range job {
		m.Apply(store.Txn{Then: []store.Op{store.Put(job[i], value), store.Put(claim[i], value)}}, 0)
	}
	return m, job, claim, value
}

func BenchmarkMachineCommit(b *testing.B) {
	m, job, claim, value := filled(100)
	changed := make([]store.Revision, len(job))
	for i := range job {
		changed[i] = m.Get(job[i]).Changed
	}
	benchCommit(b, m, job, claim, value, changed)
}

func BenchmarkMachineCommitWatched(b *testing.B) {
	m, job, claim, value := filled(100)
	changed := make([]store.Revision, len(job))
	for i := range job {
		changed[i] = m.Get(job[i]).Changed
	}
	var batch []store.Change
	for range 10 {
		s, err := m.Subscribe("board/main/job/", m.Revision())
		if err != nil {
			b.Fatal(err)
		}
		s.OnPending = func() {
			batch, err = s.Take(batch[:0])
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	benchCommit(b, m, job, claim, value, changed)
}

func benchCommit(
	b *testing.B, m *memory.Machine, job, claim []string, value []byte, changed []store.Revision,
) {
	conditions := make([]store.Compare, 2)
	changes := make([]store.Op, 2)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i++; i == len(job) {
			i = 0
		}
		conditions[0] = store.Compare{Key: job[i], Condition: store.ChangedAt, Revision: changed[i]}
		conditions[1] = store.Compare{Key: claim[i], Condition: store.Present}
		changes[0] = store.Put(job[i], value)
		changes[1] = store.Put(claim[i], value)
		commit := m.Apply(store.Txn{If: conditions, Then: changes}, 0)
		if commit.Outcome != store.Done {
			b.Fatal(commit)
		}
		changed[i] = commit.Revision
	}
}

func BenchmarkMachineConflict(b *testing.B) {
	m, job, claim, value := filled(100)
	txn := store.Txn{
		If:   []store.Compare{{Key: job[0], Condition: store.Present}, {Key: claim[0], Condition: store.Absent}},
		Then: []store.Op{store.Put(job[0], value)},
	}
	b.ReportAllocs()
	for b.Loop() {
		if m.Apply(txn, 0).Outcome != store.Conflict {
			b.Fatal("no conflict")
		}
	}
}

func BenchmarkMachineGet(b *testing.B) {
	m, job, _, _ := filled(100)
	b.ReportAllocs()
	for b.Loop() {
		if m.Get(job[42]).Changed == 0 {
			b.Fatal("absent")
		}
	}
}

func BenchmarkMachineRange100(b *testing.B) {
	m, job, _, _ := filled(100)
	var pairs []store.Pair
	b.ReportAllocs()
	for b.Loop() {
		if pairs = m.AppendRange(pairs[:0], "board/main/job/"); len(pairs) != len(job) {
			b.Fatal(len(pairs))
		}
	}
}

func BenchmarkMachinePutDelete(b *testing.B) {
	m, _, _, value := filled(100)
	put := store.Txn{Then: []store.Op{store.Put("board/main/job/100050a", value)}}
	remove := store.Txn{Then: []store.Op{store.Delete("board/main/job/100050a")}}
	b.ReportAllocs()
	for b.Loop() {
		m.Apply(put, 0)
		m.Apply(remove, 0)
	}
}

func BenchmarkMachineLease(b *testing.B) {
	m, job, _, value := filled(100)
	now := int64(0)
	for range 50 {
		if _, err := m.Grant(time.Hour, now); err != nil {
			b.Fatal(err)
		}
	}
	changes := make([]store.Op, 1)
	b.ReportAllocs()
	for b.Loop() {
		now += int64(time.Millisecond)
		lease, err := m.Grant(time.Second, now)
		if err != nil {
			b.Fatal(err)
		}
		changes[0] = store.PutLeased(job[7], value, lease)
		m.Apply(store.Txn{Then: changes}, now)
		if err := m.Renew(lease, now); err != nil {
			b.Fatal(err)
		}
		m.Revoke(lease, now)
	}
}

var sink *memory.Machine // so that machines are really made

func BenchmarkNewMachine(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink = memory.NewMachine()
	}
}

func BenchmarkFirstCommit(b *testing.B) {
	txn := store.Txn{Then: []store.Op{store.Put("key", nil)}}
	b.ReportAllocs()
	for b.Loop() {
		sink = memory.NewMachine()
		sink.Apply(txn, 0)
	}
}

func BenchmarkResetEmpty(b *testing.B) {
	m, _, _, _ := filled(100)
	b.ReportAllocs()
	for b.Loop() {
		m.Reset()
	}
}

// BenchmarkMachineRun is one simulated run's worth of work in a machine that is used again: 100 jobs
// posted, 1,500 commits, leases, and a reset.
func BenchmarkMachineRun(b *testing.B) {
	job, claim := boardKeys(100)
	value := make([]byte, 200)
	m := memory.NewMachine()
	conditions := make([]store.Compare, 2)
	changes := make([]store.Op, 2)
	b.ReportAllocs()
	for b.Loop() {
		m.Reset()
		for i := range job {
			changes[0], changes[1] = store.Put(job[i], value), store.Put(claim[i], value)
			m.Apply(store.Txn{Then: changes}, 0)
		}
		for i := range 1400 {
			k := i % len(job)
			conditions[0] = store.Compare{Key: job[k], Condition: store.Present}
			conditions[1] = store.Compare{Key: claim[k], Condition: store.Present}
			changes[0], changes[1] = store.Put(job[k], value), store.Put(claim[k], value)
			m.Apply(store.Txn{If: conditions, Then: changes}, int64(i))
		}
	}
}

func BenchmarkStoreCommit(b *testing.B) {
	ctx := context.Background()
	s := memory.New(host.Real())
	defer s.Close()
	job, claim := boardKeys(1)
	value := make([]byte, 200)
	s.Commit(ctx, store.Txn{Then: []store.Op{store.Put(job[0], value), store.Put(claim[0], value)}})
	txn := store.Txn{
		If: []store.Compare{
			{Key: job[0], Condition: store.Present},
			{Key: claim[0], Condition: store.Present},
		},
		Then: []store.Op{store.Put(job[0], value), store.Put(claim[0], value)},
	}
	b.ReportAllocs()
	for b.Loop() {
		if s.Commit(ctx, txn).Outcome != store.Done {
			b.Fatal("not done")
		}
	}
}

func BenchmarkStoreGetParallel(b *testing.B) {
	ctx := context.Background()
	s := memory.New(host.Real())
	defer s.Close()
	s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("key", []byte("value"))}})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if pair, _, err := s.Get(ctx, "key"); err != nil || pair.Changed == 0 {
				b.Error("not there")
				return
			}
		}
	})
}
