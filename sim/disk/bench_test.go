package disk_test

import (
	"testing"

	"derail/sim/disk"
)

// BenchmarkTransactions is small transactions of two machines on a disk of which nothing goes wrong.
func BenchmarkTransactions(b *testing.B) {
	s := newStorm(b, setup{seed: 1, machines: 2, pragmas: extra, commits: int64(b.N)}, nil)
	defer s.close()
	b.ReportAllocs()
	b.ResetTimer()
	s.run()
	b.ReportMetric(float64(s.commits)/b.Elapsed().Seconds(), "transactions/s")
	b.ReportMetric(float64(s.kernel.Now())/float64(b.Elapsed()), "times-real")
}

// BenchmarkPowerLosses is a storm on a machine; after each loss of power the database is opened,
// rolled back, checked as a whole, and written to.
func BenchmarkPowerLosses(b *testing.B) {
	d := disk.New()
	defer d.Close()
	b.ReportAllocs()
	var commits, losses int64
	for seed := uint64(0); losses < int64(b.N); seed++ {
		left := min(int64(b.N)-losses, 50)
		s := newStorm(b, setup{seed: seed, pragmas: extra, faults: storms(), losses: left}, d).run()
		losses += left
		commits += s.commits
		s.kernel.Close()
	}
	b.ReportMetric(float64(losses)/b.Elapsed().Seconds(), "losses/s")
	b.ReportMetric(float64(commits)/float64(losses), "transactions/loss")
}
