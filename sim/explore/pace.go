package explore

import "math/bits"

// The streams that strategies know: what they decide is said where they are drawn from.
const (
	streamKernel  = "kernel"
	entityReady   = "ready"
	streamNetwork = "network"
	streamWork    = "work"
	streamUndo    = "undo"
	streamPost    = "post"
)

// paced says whether a stream draws how long something takes that always happens: the time of a message, of
// a task, between posts. In virtual time these decide most of what comes before what.
func paced(stream string) bool {
	switch stream {
	case streamNetwork, streamWork, streamUndo, streamPost:
		return true
	}
	return false
}

// Paces run from the fastest, 0, to the slowest.
const (
	paceBits = 16
	paces    = 1 << paceBits
)

// scaled is the draw among so many that has that pace.
func scaled(pace, among uint64) uint64 {
	if pace == paces-1 {
		return among - 1
	}
	hi, lo := bits.Mul64(pace, among)
	return hi<<(64-paceBits) | lo>>paceBits
}
