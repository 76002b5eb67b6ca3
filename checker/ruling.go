package checker

import (
	"cmp"
	"fmt"
	"slices"

	"derail/checker/history"
)

// maxFindings is how many findings a verdict carries. A run that is broken through and through has
// thousands, and the first ones tell it.
const maxFindings = 100

// ruling collects what a property finds. Nothing is allocated while nothing is found.
type ruling struct {
	cover   cover
	checked int
	excused int
	broken  []Finding
	open    []Finding
	remark  string // the summary of a verdict without findings
	cycle   *CyclePath
}

// finding is one that rests on these records; zeros among their sequence numbers are left out.
func (r *Reading) finding(job history.JobID, text string, records []int32) Finding {
	f := Finding{Job: r.history.JobName(job), Text: text, Records: []int64{}}
	for _, seq := range records {
		if seq > 0 && seq != never {
			f.Records = append(f.Records, int64(seq))
		}
	}
	slices.Sort(f.Records)
	f.Records = slices.Compact(f.Records)
	return f
}

// breaks notes something that breaks the property, unless it is excused. The last of its records decides it.
func (r *Reading) breaks(job history.JobID, records []int32, text string, values ...any) {
	if !r.excused(job, lastOf(records)) {
		r.ruling.broken = append(r.ruling.broken, r.finding(job, fmt.Sprintf(text, values...), records))
	}
}

// doubts notes something that leaves the property undecided, unless it is excused.
func (r *Reading) doubts(job history.JobID, records []int32, text string, values ...any) {
	if r.excused(job, lastOf(records)) {
		return
	}
	r.ruling.open = append(r.ruling.open, r.finding(job, fmt.Sprintf(text, values...), records))
}

// toldEnough says that there are as many findings as a verdict carries: the next need not be told as well.
// Where everything is wrong, looking for the evidence of each would take for ever.
func (r *Reading) toldEnough() bool { return len(r.ruling.broken) >= maxFindings }

// lastOf is the last of sequence numbers of which some are none, or zero.
func lastOf(records []int32) int32 {
	last := int32(0)
	for _, seq := range records {
		if seq != never {
			last = max(last, seq)
		}
	}
	return last
}

// verdict is what the findings come to.
func (u *ruling) verdict(property string) Verdict {
	v := Verdict{
		Property: property, Outcome: Valid, Checked: u.checked, Excused: u.excused, Summary: u.remark,
		Cycle: u.cycle,
	}
	switch {
	case len(u.broken) > 0:
		v.Outcome, v.Findings = Invalid, u.broken
	case len(u.open) > 0:
		v.Outcome, v.Findings = Unknown, u.open
	default:
		return v
	}
	slices.SortStableFunc(v.Findings, func(a, b Finding) int {
		return cmp.Compare(first(a.Records), first(b.Records))
	})
	v.Summary = v.Findings[0].Text
	if more := len(v.Findings) - 1; more > 0 {
		v.Summary += fmt.Sprintf(" (and %d more)", more)
	}
	v.Findings = v.Findings[:min(len(v.Findings), maxFindings)]
	return v
}

// first is the first of ascending sequence numbers; a finding about what is not there has none, and
// comes last.
func first(records []int64) int64 {
	if len(records) == 0 {
		return never
	}
	return records[0]
}

// job is a job's name for a sentence, process a process's.
func (r *Reading) job(id history.JobID) string {
	return quoted(r.history.JobName(id), "an unnamed job")
}

func (r *Reading) process(id history.ProcessID) string {
	return quoted(r.history.ProcessName(id), "an unnamed process")
}

func quoted(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}
