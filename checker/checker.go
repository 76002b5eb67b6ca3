package checker

import "derail/checker/history"

// Checker checks one history after another in the same memory. It is not for concurrent use.
type Checker struct {
	reading  Reading
	verdicts []Verdict
	lookout  lookout
}

// New makes a checker.
func New() *Checker { return &Checker{} }

// Check looks at h through every property. The report's Verdicts are valid until the next call; what
// they point to stays.
func (c *Checker) Check(h *history.History) Report {
	c.reading.read(h)
	c.verdicts = c.verdicts[:0]
	for i := range properties {
		c.verdicts = append(c.verdicts, properties[i].Check(&c.reading))
	}
	return Report{Verdicts: c.verdicts}
}

// Check looks at h through every property.
func Check(h *history.History) Report { return New().Check(h) }

// Report is the verdicts on one history, one for each of [Properties] and in that order.
type Report struct {
	Verdicts []Verdict `json:"verdicts"`
}

// Outcome is the worst outcome of all: Invalid if anything is broken, otherwise Unknown if anything
// is undecided. A report without verdicts is Unknown.
func (r Report) Outcome() Outcome {
	if len(r.Verdicts) == 0 {
		return Unknown
	}
	worst := Valid
	for i := range r.Verdicts {
		switch r.Verdicts[i].Outcome {
		case Invalid:
			return Invalid
		case Unknown:
			worst = Unknown
		}
	}
	return worst
}

// Broken is the names of the properties that are Invalid.
func (r Report) Broken() []string { return r.named(Invalid) }

// Undecided is the names of the properties that are Unknown.
func (r Report) Undecided() []string { return r.named(Unknown) }

func (r Report) named(outcome Outcome) []string {
	var names []string
	for i := range r.Verdicts {
		if r.Verdicts[i].Outcome == outcome {
			names = append(names, r.Verdicts[i].Property)
		}
	}
	return names
}

// Verdict is the verdict on one property, by its name.
func (r Report) Verdict(property string) (Verdict, bool) {
	for i := range r.Verdicts {
		if r.Verdicts[i].Property == property {
			return r.Verdicts[i], true
		}
	}
	return Verdict{}, false
}
