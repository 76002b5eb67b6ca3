package disk

import (
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/vfs"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// bench runs body as a process of a machine that has a file open.
func bench(b *testing.B, body func(m *kernel.Machine, h *handle)) {
	source := choice.Seeded(1)
	k := kernel.New(kernel.Config{Source: source})
	defer k.Close()
	plan, err := fault.Compile(&scenarios.Scenario{Break: scenarios.Duration(time.Hour)}, []string{"store"})
	if err != nil {
		b.Fatal(err)
	}
	d := New()
	defer d.Close()
	d.Reset(Config{
		Kernel: k, Source: source, Faults: fault.NewInjector(plan, []string{"store"}, source),
		Access: scenarios.Span{Low: 1000, High: 9000},
		Sync:   scenarios.Span{Low: 1_000_000, High: 9_000_000},
	})
	m := k.Node("store").Boot()
	d.Path(m, 0, "a")
	f := d.create("a")
	f.open++
	h := &handle{mount: d.mounts[0], file: f, epoch: d.epoch, flags: vfs.OPEN_MAIN_DB}
	b.ReportAllocs()
	m.Go("bench", func() { body(m, h) })
	b.ResetTimer()
	if stop := k.Run(1 << 62); stop.Reason != kernel.Idle {
		b.Fatal(stop)
	}
}

// BenchmarkBareSleep is what the kernel takes for an operation that takes time and does nothing.
func BenchmarkBareSleep(b *testing.B) {
	bench(b, func(m *kernel.Machine, _ *handle) {
		for range b.N {
			_ = m.Sleep(b.Context(), time.Microsecond)
		}
	})
}

// BenchmarkRead reads a page.
func BenchmarkRead(b *testing.B) {
	bench(b, func(_ *kernel.Machine, h *handle) {
		page := make([]byte, 4096)
		_, _ = h.WriteAt(page, 0)
		for range b.N {
			_, _ = h.ReadAt(page, 0)
		}
	})
}

// BenchmarkWrite writes a page, and syncs after every eight.
func BenchmarkWrite(b *testing.B) {
	bench(b, func(_ *kernel.Machine, h *handle) {
		page := make([]byte, 4096)
		for i := range b.N {
			_, _ = h.WriteAt(page, int64(i%64)*4096)
			if i%8 == 7 {
				_ = h.Sync(vfs.SYNC_FULL)
			}
		}
	})
}

// BenchmarkLock locks and unlocks, which takes no time.
func BenchmarkLock(b *testing.B) {
	bench(b, func(_ *kernel.Machine, h *handle) {
		for range b.N {
			_ = h.Lock(vfs.LOCK_SHARED)
			_ = h.Unlock(vfs.LOCK_NONE)
		}
	})
}
