package choice

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// The form of what [FromBytes] reads.
const (
	seedBytes = 8
	editBytes = 5
)

// edit says what a draw of some streams is.
type edit struct {
	number, value uint16
}

// FromBytes makes a source of any bytes at all, for fuzzing: small changes of the bytes make small changes of
// the run. The first eight are a seed, the lowest byte first, zeros where they are missing, and draws are as
// [Seeded] has them but for the edits that follow. Each is five bytes: one for the streams that it is
// about, two for the number of the draw in its stream, counted from 0 there, and two for the answer, from the
// benign one, 0, to the one that is furthest from it, 65535. What is too short for an edit says nothing. The
// draws are remembered for [Source.Record].
func FromBytes(data []byte) *Source {
	var head [seedBytes]byte
	data = data[copy(head[:], data):]
	edits := map[byte][]edit{}
	for ; len(data) >= editBytes; data = data[editBytes:] {
		edits[data[0]] = append(edits[data[0]], edit{
			number: binary.LittleEndian.Uint16(data[1:]), value: binary.LittleEndian.Uint16(data[3:]),
		})
	}
	return Steered(binary.LittleEndian.Uint64(head[:]), func(stream, entity string) Steer {
		mine := edits[byte(streamKey(0, stream, entity))]
		if stream == LeftOut || len(mine) == 0 {
			return nil
		}
		return func(number, among, seeded uint64) uint64 {
			for _, e := range mine {
				if uint64(e.number) == number-1 {
					return Scaled(e.value, among)
				}
			}
			return seeded
		}
	})
}

// Scaled is the answer of a draw among so many that is as far from the benign one as value is on its way
// from 0 to [math.MaxUint16]: at the two ends the first answer, and the last.
func Scaled(value uint16, among uint64) uint64 {
	const width = 16
	if value == math.MaxUint16 {
		return among - 1
	}
	hi, lo := bits.Mul64(uint64(value), among)
	return hi<<(64-width) | lo>>width
}
