package checker

import (
	"strconv"

	"derail/checker/history"
)

// spoken is a kind for a sentence.
func spoken(kind history.Kind) string {
	if kind == history.LeaseEnd {
		return "lease end"
	}
	return kind.String()
}

// epochText is " in epoch 3", or nothing for an epoch that is not known.
func epochText(epoch int64) string {
	if epoch == 0 {
		return ""
	}
	return " in epoch " + strconv.FormatInt(epoch, 10)
}

// String is the span for a sentence.
func (s span) String() string {
	switch {
	case s.low == s.high:
		return strconv.Itoa(int(s.low))
	case s.high == never:
		return "at least " + strconv.Itoa(int(s.low))
	default:
		return strconv.Itoa(int(s.low)) + " to " + strconv.Itoa(int(s.high))
	}
}
