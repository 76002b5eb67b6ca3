package checker

import (
	"bytes"

	"derail/checker/history"
)

// dump is a history for the eyes of whoever reads a failed test.
func dump(h *history.History) string {
	var b bytes.Buffer
	if err := history.Write(&b, h); err != nil {
		return err.Error()
	}
	return b.String()
}
