package logbook

import "strings"

// SavedFlow returns the flow detail whose head is stored under key, and whether key is that of a
// head. Every write to a flow detail puts its head, so an observer of the store sees them all.
func SavedFlow(key string) (flowID string, ok bool) {
	rest, is := strings.CutPrefix(key, flowPrefix)
	if !is {
		return "", false
	}
	flowID, is = strings.CutSuffix(rest, "/"+headName)
	if !is || strings.Contains(flowID, "/") { // an atom can have the head's name
		return "", false
	}
	return flowID, true
}

// SavedEpoch reads from a stored head under which claim it was written.
func SavedEpoch(stored []byte) (int64, error) {
	h, err := decodeHead(stored)
	return h.epoch, err
}
