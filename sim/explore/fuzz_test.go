package explore_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"derail/sim/choice"
	"derail/sim/explore"
	"derail/sim/world"
)

// FuzzRun lets Go's fuzzer make the choices: it sees which code of core a run goes through, and keeps what goes
// where none went before. What fails is in testdata/fuzz, and its choices make it again with derail replay.
//
//	go test ./sim/explore -run '^$' -fuzz FuzzRun
func FuzzRun(f *testing.F) {
	plan := embedded(f, "swarm-core")
	seeds := map[uint64][]byte{
		1: nil, 2: bytes.Repeat([]byte{0x21, 0, 0, 0xff, 0xff}, 4), 3: []byte("a fault, a late message, a crash"),
	}
	for _, seed := range []uint64{1, 2, 3} {
		f.Add(append(binary.LittleEndian.AppendUint64(nil, seed), seeds[seed]...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o := explore.One(plan, explore.Try{Source: choice.FromBytes(data), Steered: true}, world.Options{})
		if o.Failed {
			t.Fatalf("%v %v\nmade again with derail replay swarm-core --choices FILE by the choices\n%v",
				o.Breaches, o.Unmet, o.Source.Record())
		}
		if o.Result.Steps == 0 {
			t.Fatal("nothing happened")
		}
	})
}
