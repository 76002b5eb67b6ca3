package reports

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker/history"
)

// text is the spell as a sentence; empty: there is nothing to tell.
func (s *spell) text() string {
	who, job := processName(s.h, s.process), jobName(s.h, s.job)
	named := s.lead != ""
	var parts []string
	for _, d := range s.told() {
		parts = append(parts, d.phrase(&named, job))
	}
	if s.end != "" {
		end := s.end
		if !named {
			end = strings.Replace(end, " it", " "+job, 1)
		}
		parts = append(parts, end+s.when()+s.rightly)
	}
	switch {
	case s.lead == "" && len(parts) == 0:
		return ""
	case s.lead == "":
		return who + " " + andThen(parts)
	}
	lead := who + " " + s.lead + s.numbers() + s.others
	switch {
	case len(parts) == 0:
		return lead
	case s.others != "":
		return lead + "; it " + andThen(parts)
	case len(parts) == 1:
		return lead + ", and " + parts[0]
	}
	return lead + ", " + andThen(parts)
}

// ofTheJob stands in a deed where the job is named, in the first deed of a spell that does not begin with a
// claim.
const ofTheJob = "\x00"

// phrase is a deed in words.
func (d deed) phrase(named *bool, job string) string {
	text := d.verb
	if len(d.names) > 0 {
		text += " " + span(d.names) + ofTheJob
	}
	of := ""
	if !*named && strings.Contains(text, ofTheJob) {
		of, *named = " of "+job, true
	}
	if d.times > 0 {
		text += " (" + times(int64(d.times)) + ")"
	}
	return strings.ReplaceAll(text, ofTheJob, of)
}

// told are the deeds, with what is still at work at the end of the spell, and what the logbook has not.
func (s *spell) told() []deed {
	deeds := s.deeds
	if left := len(deeds) - mostDeeds; left > 0 {
		short := slices.Clone(deeds[:mostDeeds/2])
		short = append(short, deed{verb: fmt.Sprintf("and so on (%s more)", plural(int64(left), "step"))})
		deeds = append(short, deeds[len(deeds)-mostDeeds/2:]...)
	}
	var begun, undoing []string
	for _, r := range s.running {
		switch {
		case r.older, r.hit:
		case r.undo:
			undoing = append(undoing, r.name)
		default:
			begun = append(begun, r.name)
		}
	}
	deeds = slices.Clone(deeds)
	if len(begun) > 0 {
		deeds = append(deeds, deed{verb: "began", names: begun})
	}
	if len(undoing) > 0 {
		deeds = append(deeds, deed{verb: "began to undo", names: undoing})
	}
	switch {
	case s.end != "":
	case s.flow == "SUCCESS":
		deeds = append(deeds, deed{verb: "came to the end of the flow" + ofTheJob})
	case s.flow == "REVERTED" && !slices.ContainsFunc(deeds, deed.undoes):
		deeds = append(deeds, deed{verb: "had undone the whole flow" + ofTheJob})
	}
	if s.finished > 0 && s.saves == 0 {
		deeds = append(deeds, deed{verb: "saved nothing of it"})
	}
	return deeds
}

// numbers are those of the claim, and who came too late for it.
func (s *spell) numbers() string {
	text := numbers(&history.Record{Attempt: s.attempt, Epoch: s.epoch})
	switch {
	case len(s.losers) == 0:
		return text
	case text == "":
		return because(join(s.losers) + " came too late")
	}
	return strings.TrimSuffix(text, ")") + "; " + join(s.losers) + " came too late)"
}

// when is when the spell ended, where that is not when it began.
func (s *spell) when() string {
	if instant(s.until) == instant(s.at) {
		return ""
	}
	return " at " + instant(s.until)
}

// shape is what the spell has in common with others that go the same way.
func (s *spell) shape() string {
	text := fmt.Sprintf("%d %s|", s.job, pick(s.lead != "", "claimed", ""))
	for _, d := range s.told() {
		text += d.verb + " " + strings.Join(d.names, " ") + "|"
	}
	return text + s.others + s.end + s.rightly
}

// tally is what the spell counts as where it is folded away.
func (s *spell) tally() string {
	switch {
	case s.lead != "" && s.ending == consumed:
		return "job|claimed, run and consumed"
	case s.lead != "":
		return "job|claimed"
	case s.end != "":
		return "job|" + s.ending.words()
	}
	return ""
}

// andThen lists what was done, in order.
func andThen(parts []string) string {
	switch len(parts) {
	case 1:
		return parts[0]
	case 2:
		return parts[0] + ", and " + parts[1]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + ", and " + parts[len(parts)-1]
}
