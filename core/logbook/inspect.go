package logbook

import "strings"

// Where books and flow details are: under a book's id, and below that of a flow detail.
const (
	BookPrefix = bookPrefix
	FlowPrefix = flowPrefix
)

// FlowOf returns the flow detail that something stored under key is part of, and whether key is such.
func FlowOf(key string) (flowID string, ok bool) {
	rest, is := strings.CutPrefix(key, flowPrefix)
	if !is {
		return "", false
	}
	flowID, _, is = strings.Cut(rest, "/")
	return flowID, is
}

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
