package world_test

import (
	"testing"

	"derail/checker/history"
	"derail/sim/world"
)

// TestMessagesAreRecorded: a record with messages has every one. Where answers are lost, as many are as the
// fault struck, and all else arrives; and the run is the same run as without them.
func TestMessagesAreRecorded(t *testing.T) {
	b := struckBy(t, "  - kind: network.loss\n    way: answers\n    rate: 10%\n    times: 20\n")
	w := newWorld(t, b)
	plain := run(t, w, 1, world.Options{})
	hash, records, strikes := plain.Hash, len(plain.History.Records), strikes(t, b, plain, "network.loss")
	if n := messages(plain.History); n.requests+n.answers+n.lost > 0 {
		t.Errorf("a record without messages has %+v", n)
	}
	full := run(t, w, 1, world.Options{Full: true, Messages: true})
	if full.Hash != hash {
		t.Errorf("the run is another when its messages are recorded: %x, not %x", full.Hash, hash)
	}
	n := messages(full.History)
	if strikes == 0 || n.lost != strikes {
		t.Errorf("%d answers were lost, and the fault struck %d times", n.lost, strikes)
	}
	if n.requests == 0 || n.answers == 0 || n.news == 0 || n.ofJobs == 0 {
		t.Errorf("recorded were %+v", n)
	}
	// Every request is answered, but for those that the last instants cut off; news have none.
	if open := n.requests - (n.answers + n.lost - n.news); open < 0 || open > 20 {
		t.Errorf("%d requests have no answer: %+v", open, n)
	}
	if len(full.History.Records) < records+int(n.requests) {
		t.Errorf("there were %d records, and are %d", records, len(full.History.Records))
	}
}

// tally is how many messages a history has of which sort.
type tally struct{ requests, answers, news, lost, ofJobs int64 }

func messages(h *history.History) (n tally) {
	for i := range h.Records {
		r := &h.Records[i]
		if r.Kind != history.Message {
			continue
		}
		if r.Job >= 0 {
			n.ofJobs++
		}
		if r.Subject == history.MessageNews {
			n.news++
		}
		switch {
		case r.Reason == history.MessageLost:
			n.lost++
		case r.To == history.MessageStore:
			n.requests++
		default:
			n.answers++
		}
	}
	return n
}
