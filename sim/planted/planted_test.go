package planted_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"derail/sim/planted"
)

// huntEnv asks the test binary to hunt a bug instead of running tests: that is how a patched one is
// hunted, in a test binary that was built with its patch.
const huntEnv = "DERAIL_PLANTED_HUNT"

// order is what a test binary is to hunt, and from which seeds.
type order struct {
	Bug   string
	First []uint64
}

func TestMain(m *testing.M) {
	if text := os.Getenv(huntEnv); text != "" {
		if err := obey(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func obey(text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	b, known := planted.Find(o.Bug)
	if !known {
		return fmt.Errorf("there is no bug %q", o.Bug)
	}
	sightings, err := hunt(&b, o.First)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(sightings)
}

// hunt hunts a bug in this very program, from each of the seeds.
func hunt(b *planted.Bug, first []uint64) ([]planted.Sighting, error) {
	sightings := make([]planted.Sighting, len(first))
	for i, seed := range first {
		var err error
		if sightings[i], err = b.Hunt(seed, b.Seeds); err != nil {
			return nil, err
		}
	}
	return sightings, nil
}
