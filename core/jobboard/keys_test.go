package jobboard

import (
	"strings"
	"testing"

	"derail/core/store"
)

// TestStrangeKeysHideNothing: somebody else's keys below the board's prefix are named as damage, and every
// job is listed all the same, wherever the keys are among those of the jobs.
func TestStrangeKeysHideNothing(t *testing.T) {
	strange := []string{
		boardPrefix + "a", boardPrefix + "c", claimPrefix, boardPrefix + "d/j", boardPrefix + "k/j",
		ledgerPrefix, boardPrefix + "z",
	}
	inOffice(t, func(o *office) {
		o.post("i")
		o.post("j")
		o.claim(o.session("a"), "i")
		var puts []store.Op
		for _, key := range strange {
			puts = append(puts, store.Put(key, []byte("?")))
		}
		o.store.Commit(o.ctx, store.Txn{Then: puts})
		jobs, err := o.List(o.ctx)
		if len(jobs) != 2 || jobs[0].ID != "i" || jobs[0].Holder.Owner != "a" || jobs[1].ID != "j" {
			o.Errorf("listed are %+v", jobs)
		}
		for _, key := range strange {
			if err == nil || !strings.Contains(err.Error(), key+": ") {
				o.Errorf("%s is not named in: %v", key, err)
			}
		}
	})
}
