package reports

import "derail/checker/history"

// happenings are the faults, the ends of leases, and what else strikes.
func (t *tracer) happenings() {
	owners := map[[2]int64]history.ProcessID{} // by job and epoch
	for i := range t.h.Records {
		r, seq := &t.h.Records[i], int64(i+1)
		told := []field{{"record", seq}, {"what", Sentence(t.h, seq)}}
		point := tracePoint{row: machine(max(r.Process, 0), machineRows), scope: "t", at: r.At, arguments: told}
		switch {
		case r.Kind == history.Claim && r.Type == history.OK:
			owners[[2]int64{int64(r.Job), r.Epoch}] = r.Process
			continue
		case r.Kind == history.Fault && r.N > 0:
			t.add(traceSpan{
				row: machine(max(r.Process, 0), faultRows), name: r.Reason, category: "fault", at: r.At,
				until: r.At + int64(r.N)*millisecond, arguments: told,
			})
			continue
		case r.Kind == history.Message:
			t.add(traceSpan{
				row: machine(max(r.Process, 0), messageRows), name: messageName(r), category: "message",
				at: max(0, r.At-int64(r.N)*microsecond), until: r.At, arguments: told,
			})
			continue
		case r.Kind == history.Fault:
			point.name, point.category = r.Reason, "fault"
		case r.Kind == history.Crash:
			point.name, point.category = "crash", "fault"
		case r.Kind == history.LeaseEnd:
			owner, known := owners[[2]int64{int64(r.Job), r.Epoch}]
			if !known {
				owner = max(r.Process, 0)
			}
			point.row = rowKey{int(owner), jobRows, r.Job}
			point.name, point.category = "the lease ended", "lease"
		case r.Kind == history.Save:
			point.row = rowKey{int(r.Process), jobRows, r.Job}
			point.name, point.category = "save", "save"
		case r.Kind == history.Lost || r.Kind == history.Misled:
			point.row = rowKey{int(max(r.Process, 0)), jobRows, r.Job}
			point.name, point.category = r.Kind.String(), "trouble"
		case r.Kind == history.Heal || r.Kind == history.Ruined:
			point.name, point.category, point.scope = r.Kind.String(), "run", "g"
		default:
			continue
		}
		if point.row.job >= 0 && point.row.group != jobRows {
			point.row.job = history.None
		}
		t.points = append(t.points, point)
	}
}

// findings are the broken promises.
func (t *tracer) findings() {
	marks, _ := violations(t.f)
	for seq := int64(0); seq <= int64(len(t.h.Records)); seq++ {
		at := t.end
		if seq > 0 {
			at = t.h.Records[seq-1].At
		}
		for _, v := range marks[seq] {
			p := tracePoint{row: machine(0, machineRows), name: v.text, category: "verdict", scope: "g", at: at}
			if len(v.nodes) > 0 {
				p.row = machine(v.nodes[len(v.nodes)-1], machineRows)
			}
			if seq > 0 {
				p.arguments = []field{{"record", seq}}
			}
			t.points = append(t.points, p)
		}
	}
}
