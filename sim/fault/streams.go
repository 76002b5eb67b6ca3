package fault

import (
	"strconv"

	"derail/scenarios"
)

// Streams names the streams of faults, each in its place: of its chances, or of what its strikes draw. Faults
// that could not be told apart are numbered.
func Streams(faults []scenarios.Fault) []string {
	names := make([]string, len(faults))
	alike := make(map[string]int, len(faults))
	for i := range faults {
		stream := streamOf(&faults[i])
		alike[stream]++
		if n := alike[stream]; n > 1 {
			stream += "#" + strconv.Itoa(n)
		}
		names[i] = stream
	}
	return names
}
