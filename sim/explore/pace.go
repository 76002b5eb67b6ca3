package explore

// The streams that strategies know besides the kernel's: what they decide is said where they are drawn from.
const (
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
