package disk_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"derail/sim/disk"
)

// memory is what the process has mapped and what of that is there, in KiB.
func memory(t *testing.T) (mapped, resident int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("only where /proc says how much memory there is")
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "VmSize:":
			mapped, _ = strconv.Atoi(fields[1])
		case "VmRSS:":
			resident, _ = strconv.Atoi(fields[1])
		}
	}
	return mapped, resident
}

// TestMemory: the connections of the dead, which nobody closes, are freed. Each has 256 MiB mapped.
func TestMemory(t *testing.T) {
	d := disk.New()
	defer d.Close()
	s := setup{machines: 2, pragmas: extra, faults: storms(), losses: 20}
	rages := func(seeds uint64) (mapped, resident int) {
		for s.seed = range seeds {
			made := newStorm(t, s, d).run()
			made.kernel.Close()
		}
		return memory(t)
	}
	mapped, resident := rages(5)
	mappedAfter, residentAfter := rages(20)
	if mappedAfter > mapped+4<<20 || residentAfter > resident+64<<10 {
		t.Errorf("after 100 losses of power %d KiB are mapped and %d are there, after 400 more %d and %d",
			mapped, resident, mappedAfter, residentAfter)
	}
	t.Logf("%d and %d KiB, then %d and %d", mapped, resident, mappedAfter, residentAfter)
}
