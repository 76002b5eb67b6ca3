package explain

import (
	"fmt"

	"derail/sim/choice"
	"derail/sim/world"
)

// guilt is which faults of a run mattered: those that led to the violation, and those that it took as well,
// because without one of them the run takes another turn before.
type guilt struct {
	led, scene []world.Strike
	how        string // how it is known of those that led to it, as the beginning of a sentence
	text       string
}

// recordsOf are those that tell of the strikes.
func recordsOf(strikes []world.Strike) (list []int64) {
	for _, s := range strikes {
		list = append(list, s.Record)
	}
	return list
}

// trial looks for faults that can be left out.
type trial struct {
	lab  *lab
	most int64 // steps that are to be left when it ends
	cut  bool  // it had to end before it was through
}

// share is the part of all steps that may be spent on the question which faults mattered: one in so many.
const share = 3

// mattered finds a set of strikes with which alone the promise is broken of the same job, and each of which
// it takes for that.
func (l *lab) mattered(o *order) guilt {
	all := l.base.Strikes
	t := &trial{lab: l, most: l.left - l.left/share}
	switch {
	case len(all) == 0:
		return guilt{text: "No fault struck in this run."}
	case t.enough(nil):
		return guilt{text: fmt.Sprintf("No fault mattered: without any of the %s that struck, the promise is "+
			"broken just the same%s.", counted(len(all)), l.forJob())}
	}
	kept := t.first(all)
	kept = t.classes(kept)
	kept = t.singles(kept)
	g := guilt{led: kept}
	if !t.cut { // or it is not known of each that it mattered, and they may be too many
		g = o.parted(kept, l.violation)
	}
	g.text = t.said(len(all), g)
	return g
}

// parted parts the strikes that it took into those that led to the violation, and the others. Where none did
// as far as the history shows, those did that hit the same job, or else the last of all and those of its
// kind.
func (o *order) parted(strikes []world.Strike, v *violation) (g guilt) {
	hit := func(record int64) bool { return v.job != "" && o.history.Records[record-1].Subject == v.job }
	leads := func(record int64) bool { return o.leads(int32(record), int32(v.at)) }
	kind := func(record int64) string { return o.history.Records[record-1].Reason }
	final := func(record int64) bool { return kind(record) == kind(strikes[len(strikes)-1].Record) }
	for _, way := range [...]struct {
		led func(record int64) bool
		how string
	}{
		{leads, "What led to the violation is in"},
		{hit, "No way leads from them to the violation in what was recorded; the same job was struck in"},
		{final, "No way leads from them to the violation in what was recorded; the last, and others like it, are"},
	} {
		g = guilt{how: way.how}
		for _, s := range strikes {
			if way.led(s.Record) {
				g.led = append(g.led, s)
			} else {
				g.scene = append(g.scene, s)
			}
		}
		if len(g.led) > 0 {
			break
		}
	}
	return g
}

func counted(n int) string {
	if n == 1 {
		return "1 fault"
	}
	return fmt.Sprintf("%d faults", n)
}

// said tells how many of all faults it took. Broken and kept are said of the job that the violation is about:
// others may fare otherwise.
func (t *trial) said(all int, g guilt) string {
	of, kept := t.lab.forJob(), len(g.led)+len(g.scene)
	struck := counted(all) + " that struck"
	switch {
	case t.cut && all == kept:
		return fmt.Sprintf("Which of the %s it took is not known: there was no end to trying it without some of "+
			"them.", struck)
	case t.cut:
		return fmt.Sprintf("Of the %s, it took no more than %d: with these alone the promise is broken just the "+
			"same%s. Not all of them could be tried one by one.", struck, kept, of)
	case all == 1:
		return fmt.Sprintf("One fault struck, and it mattered: without it, the promise is not broken%s.", of)
	}
	text := fmt.Sprintf("Of the %s, it took %d: with these alone the promise is broken just the same%s, and "+
		"not when any one of them is left out as well.", struck, kept, of)
	switch kept {
	case all:
		text = fmt.Sprintf("All of the %s mattered: without any one of them, the promise is not broken%s.",
			struck, of)
	case 1:
		text = fmt.Sprintf("Of the %s, one mattered: with it alone the promise is broken just the same%s, and "+
			"without any it is not.", struck, of)
	}
	if len(g.scene) == 0 {
		return text
	}
	text += fmt.Sprintf(" %s %s.", g.how, listed(g.led))
	if len(g.scene) == 1 {
		return text + fmt.Sprintf(" The other (%s) set the scene, as far as can be seen: without it, other things "+
			"happen at other times.", listed(g.scene))
	}
	return text + fmt.Sprintf(" The others (%s) set the scene, as far as can be seen: without one of them, "+
		"other things happen at other times.", listed(g.scene))
}

// listed names the records of strikes.
func listed(strikes []world.Strike) string {
	const most = 6
	if len(strikes) == 1 {
		return fmt.Sprintf("record %d", strikes[0].Record)
	}
	text := "records"
	for i, s := range strikes {
		switch {
		case i == most:
			return text + " and more"
		case i > 0:
			text += ","
		}
		text += fmt.Sprintf(" %d", s.Record)
	}
	return text
}

// enough reports whether these strikes alone break the promise. When time is up nothing is.
func (t *trial) enough(strikes []world.Strike) bool {
	if t.cut || t.lab.left < t.most || t.lab.spent(faultsPercent) {
		t.cut = true
		return false
	}
	v := t.lab.try(choice.Replay(t.lab.config.Record), t.lab.keeping(strikes))
	return breaks(v, t.lab.violation.job)
}

// first leaves out what came last: it halves until the strikes up to one are enough, and those up to the one
// before it are not.
func (t *trial) first(all []world.Strike) []world.Strike {
	few, many := 0, len(all) // the first few are not enough; so many are
	for many-few > 1 {
		half := few + (many-few)/2
		if t.enough(all[:half]) {
			many = half
		} else {
			few = half
		}
	}
	return all[:many]
}

// classes leaves out all strikes of a fault at once, one fault after the other.
func (t *trial) classes(kept []world.Strike) []world.Strike {
	tried := map[string]bool{}
	for at := 0; at < len(kept); {
		stream := kept[at].At.Stream
		if tried[stream] {
			at++
			continue
		}
		tried[stream] = true
		var rest []world.Strike
		for _, s := range kept {
			if s.At.Stream != stream {
				rest = append(rest, s)
			}
		}
		if t.enough(rest) {
			kept, at = rest, 0
		}
	}
	return kept
}

// singles leaves out runs of strikes, shorter and shorter ones, until no single one can be missed.
func (t *trial) singles(kept []world.Strike) []world.Strike {
	for size := max(len(kept)/2, 1); ; size = max(size/2, 1) {
		less := false
		for at := 0; at < len(kept); {
			rest := append(append([]world.Strike(nil), kept[:at]...), kept[min(at+size, len(kept)):]...)
			if t.enough(rest) {
				kept, less = rest, true
			} else {
				at += size
			}
		}
		if size == 1 && !less || t.cut {
			return kept
		}
	}
}
