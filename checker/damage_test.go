package checker

import "derail/checker/history"

// damage makes one thing untrue, or at least different.
func damage(h *history.History, chance func(int) int) {
	if len(h.Records) == 0 {
		return
	}
	for range 200 {
		rec := &h.Records[chance(len(h.Records))]
		completes := rec.Call != 0
		event := history.Record{At: rec.At, Kind: history.Note, Type: history.Event, Job: history.None}
		switch chance(8) {
		case 0:
			if completes {
				rec.Type = []history.Type{history.OK, history.Fail, history.Info}[chance(3)]
				if rec.Kind == history.Claim && rec.Epoch == 0 {
					rec.Epoch = int64(1 + chance(4)) // without one, it could not be ok
				}
				return
			}
		case 1:
			if rec.Epoch > 0 && rec.Kind != history.Move {
				rec.Epoch = max(rec.Epoch+int64(chance(3))-1, 1)
				return
			}
		case 2:
			if rec.Kind == history.LeaseEnd {
				*rec = event
				return
			}
		case 3:
			if completes {
				invoke := &h.Records[rec.Call-1]
				*rec, *invoke = event, history.Record{
					At: invoke.At, Kind: history.Note, Type: history.Event, Job: history.None,
				}
				return
			}
		case 4:
			if completes {
				other := history.ProcessID(chance(len(h.Processes)))
				rec.Process, h.Records[rec.Call-1].Process = other, other
				return
			}
		case 5:
			if completes && rec.Kind == history.Claim {
				rec.Reason = []string{"", history.ClaimAdopted}[chance(2)]
				return
			}
		case 6:
			if completes {
				*rec = event // it is not answered
				return
			}
		case 7:
			if rec.Revision > 0 {
				rec.Revision = 1 + int64(chance(40))
				return
			}
		}
	}
}
