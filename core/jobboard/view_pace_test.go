package jobboard

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestViewTakesNewsInTurns: a view that was told to leaves news alone for a while after it has taken some.
// The first after a silence it takes at once.
func TestViewTakesNewsInTurns(t *testing.T) {
	watch(t, false, func(l *lookout) {
		const pause = 100 * time.Millisecond
		l.Heed(pause, true)
		l.post("a")
		l.expect("a") // and the view pauses now
		began := time.Now()
		c := l.claim(l.office.session("b"), "a")
		l.must(l.Consume(l.ctx, c))
		for l.next() == "a" {
			time.Sleep(time.Millisecond)
			synctest.Wait()
		}
		if took := time.Since(began); took < pause/2 || took > 2*pause {
			l.Errorf("the news was taken after %v", took)
		}
		time.Sleep(4 * pause) // the news of the claim, and that of the consume
		l.post("b")
		l.expect("b")
	})
}

// TestViewCatchesUp: when no job was wanted and one is now, the view takes the news that it has left alone
// before it offers any.
func TestViewCatchesUp(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.post("a")
		l.expect("a")
		l.Heed(time.Minute, false)
		l.post("b")
		l.expect("a")
		l.wakes()
		c := l.claim(l.office.session("b"), "a")
		synctest.Wait()
		l.expect("a") // the view has not heard of that
		began := time.Now()
		l.Heed(time.Second, true)
		if got := l.next(); got != "in 1s" {
			l.Errorf("before it has caught up it offers %s", got)
		}
		if !l.wakes() || !time.Now().Equal(began) {
			l.Error("nobody was woken when it had")
		}
		l.expect("b")
		l.must(l.Consume(l.ctx, c))
	})
}

// TestViewCatchesUpOnNothing: where there is nothing new the view offers what it has after a pause.
func TestViewCatchesUpOnNothing(t *testing.T) {
	watch(t, true, func(l *lookout) {
		l.post("a")
		l.Heed(time.Minute, false)
		l.store.open(1)
		l.expect("a")
		l.Heed(time.Second, true)
		l.expect("in 1s")
		time.Sleep(time.Second)
		l.expect("a")
	})
}

// TestViewWakesNobodyWhoWantsNone: a job is no news for a conductor that has no place for it; the loss of a
// claim is.
func TestViewWakesNobodyWhoWantsNone(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.post("a")
		c := l.claim(l.session, "a")
		l.Claimed(c)
		synctest.Wait()
		l.wakes()
		l.Heed(time.Millisecond, false)
		l.post("b")
		time.Sleep(time.Second)
		if l.wakes() {
			l.Error("a job that is not wanted wakes somebody")
		}
		l.must(l.session.Close(l.ctx))
		time.Sleep(time.Second)
		if !l.wakes() || l.Holds(c) {
			l.Error("the end of a claim wakes nobody")
		}
	})
}

// TestViewSpreads: who has lost a race is offered one of the first jobs of the highest priority, and who
// has won as many as were lost is offered the first again.
func TestViewSpreads(t *testing.T) {
	watch(t, false, func(l *lookout) {
		for i := range 40 {
			l.post(fmt.Sprintf("low-%02d", i))
		}
		for i := range 8 {
			l.must(l.Post(l.ctx, Posting{ID: fmt.Sprint("high-", i), Priority: High}))
		}
		l.expect("high-0")
		first, _ := l.Next(time.Now())
		l.Outrun(first, time.Now())
		seen := map[string]int{}
		for range 200 {
			seen[l.next()]++
		}
		if len(seen) < 2 || seen["high-0"] == 0 || seen["high-0"] == 200 {
			l.Errorf("after one race: %v", seen)
		}
		for range 2 * maxRivalry {
			l.Outrun(first, time.Now())
		}
		clear(seen)
		for range 2000 {
			seen[l.next()]++
		}
		for i := range 8 {
			if seen[fmt.Sprint("high-", i)] == 0 {
				l.Errorf("high-%d is never offered: %v", i, seen)
			}
		}
		if len(seen) != 8 {
			l.Errorf("jobs of a lower priority are offered: %v", seen)
		}
		for i := range maxRivalry {
			l.Claimed(l.claim(l.session, fmt.Sprintf("low-%02d", i)))
		}
		clear(seen)
		for range 100 {
			seen[l.next()]++
		}
		if seen["high-0"] != 100 {
			l.Errorf("after all is made up for: %v", seen)
		}
	})
}

// TestViewForgetsWhatCameAndWent: a view that nobody asks keeps nothing of the jobs that are gone.
func TestViewForgetsWhatCameAndWent(t *testing.T) {
	watch(t, false, func(l *lookout) {
		b := l.office.session("b")
		for i := range 3 * maxUnsorted {
			id := fmt.Sprint("job-", i)
			l.post(id)
			l.must(l.Consume(l.ctx, l.claim(b, id)))
			synctest.Wait()
		}
		l.View.mu.Lock()
		jobs, unsorted := l.jobs.count, len(l.unsorted)
		l.View.mu.Unlock()
		if jobs != 0 || unsorted > maxUnsorted+1 {
			l.Errorf("%d jobs are known, %d unsorted", jobs, unsorted)
		}
		l.expect("none")
	})
}
