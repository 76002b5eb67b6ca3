package jobboard

import (
	"context"
	"fmt"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
)

// benchView is a board of n jobs, a session and a view that knows all of it.
func benchView(b *testing.B, n int) (*Board, *Session, *View) {
	b.Helper()
	ctx := context.Background()
	s := memory.New(host.Real())
	b.Cleanup(s.Close)
	board := New(Config{Store: s, Host: host.Real()})
	for i := range n {
		p := Posting{ID: fmt.Sprintf("job-%06d", i), Name: "job", Priority: Priority(i%5 - 2), Book: "book"}
		if err := board.Post(ctx, p); err != nil {
			b.Fatal(err)
		}
	}
	session, err := board.Register(ctx, Entity{Kind: "conductor", Name: "a"}, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	v := board.NewView(session, host.Real().NewSignal())
	snap, err := s.Range(ctx, boardPrefix)
	if err != nil {
		b.Fatal(err)
	}
	v.replace(snap)
	return board, session, v
}

// BenchmarkClaimAndAbandon takes the next job through a view and gives it back, on boards of different
// sizes; the view hears of everything. The time must not grow with the board.
func BenchmarkClaimAndAbandon(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ctx := context.Background()
			board, session, v := benchView(b, n)
			snap, err := board.store.Range(ctx, "nothing")
			if err != nil {
				b.Fatal(err)
			}
			w, err := board.store.Watch(ctx, boardPrefix, snap.Revision)
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				job, _ := v.Next(now)
				c, err := board.Claim(ctx, session, job)
				if err != nil {
					b.Fatal(err)
				}
				v.Claimed(c)
				if err := board.Abandon(ctx, c, Abandonment{}); err != nil {
					b.Fatal(err)
				}
				v.Released(c)
				changes, err := w.Next(ctx)
				if err != nil {
					b.Fatal(err)
				}
				v.take(changes)
			}
		})
	}
}

// BenchmarkConsumeAll claims and consumes every job of a board, in order. Each operation is one job.
func BenchmarkConsumeAll(b *testing.B) {
	for _, n := range []int{1000, 10_000, 30_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ctx := context.Background()
			b.ReportAllocs()
			for i := 0; i < b.N; {
				b.StopTimer()
				board, session, v := benchView(b, n)
				now := time.Now()
				b.StartTimer()
				for range n {
					if i++; i > b.N {
						break
					}
					job, _ := v.Next(now)
					c, err := board.Claim(ctx, session, job)
					if err != nil {
						b.Fatal(err)
					}
					v.Claimed(c)
					if err := board.Consume(ctx, c); err != nil {
						b.Fatal(err)
					}
					v.Released(c)
				}
			}
		})
	}
}

// BenchmarkListIntoView has a view take in a whole board for the first time, and again. Each operation
// is one job.
func BenchmarkListIntoView(b *testing.B) {
	for _, n := range []int{1000, 10_000, 30_000} {
		board, session, _ := benchView(b, n)
		snap, err := board.store.Range(context.Background(), boardPrefix)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint("first/", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i += n {
				board.NewView(session, host.Real().NewSignal()).replace(snap)
			}
		})
		b.Run(fmt.Sprint("again/", n), func(b *testing.B) {
			v := board.NewView(session, host.Real().NewSignal())
			v.replace(snap)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += n {
				v.replace(snap)
			}
		})
	}
}

// BenchmarkNewsOfOthers is what a view pays for a claim and a consume by somebody else.
func BenchmarkNewsOfOthers(b *testing.B) {
	board, _, v := benchView(b, 10_000)
	posting := encodePosting(&Posting{ID: "x", Book: "book"})
	ledger, holder := encodeLedger(&Ledger{}), encodeHolder(Holder{Owner: "b", Epoch: 1})
	at := store.Revision(1 << 40)
	pair := func(key string, value []byte) store.Change {
		return store.Change{Pair: store.Pair{Key: key + "x", Value: value, Created: at, Changed: at, Lease: 99}}
	}
	gone := func(key string) store.Change {
		return store.Change{Pair: store.Pair{Key: key + "x", Changed: at}, Deleted: true}
	}
	_ = board
	b.ReportAllocs()
	for b.Loop() {
		at++
		v.take([]store.Change{pair(postingPrefix, posting), pair(ledgerPrefix, ledger)})
		at++
		v.take([]store.Change{pair(claimPrefix, holder), pair(ledgerPrefix, ledger)})
		at++
		v.take([]store.Change{gone(postingPrefix), gone(ledgerPrefix), gone(claimPrefix)})
	}
}
