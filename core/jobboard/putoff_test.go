package jobboard

import (
	"testing"
	"testing/synctest"
	"time"

	"derail/core/store"
)

// TestPutOffLasts: an unreadable job that was put off is left alone for that long, however often the view
// is asked for something else in the meantime, and is offered again after that.
func TestPutOffLasts(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.store.Commit(l.ctx, store.Txn{Then: []store.Op{
			store.Put(postingPrefix+"j", []byte("?")), store.Put(ledgerPrefix+"j", encodeLedger(&Ledger{})),
		}})
		synctest.Wait()
		offered := func() string {
			id, _, _ := l.Unreadable(time.Now(), nobody)
			return id
		}
		if offered() != "j" {
			l.Fatal("the view does not know of it")
		}
		l.PutOff("j", time.Now().Add(time.Minute))
		for range 60 {
			l.next()
			l.next() // at the same moment
			if offered() != "" {
				l.Fatal("it is offered although it was put off")
			}
			time.Sleep(time.Second)
		}
		if offered() != "j" {
			l.Error("it was put off for a minute, and is not offered after that")
		}
	})
}
