package flow

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// The first byte of a stored value.
const (
	valueNil byte = iota
	valueFalse
	valueTrue
	valueInt
	valueText
	valueBytes
	valueJSON
)

// The stored forms that never differ. Nobody changes stored bytes.
var (
	storedNil   = []byte{valueNil}
	storedFalse = []byte{valueFalse}
	storedTrue  = []byte{valueTrue}
)

// Encode makes the stored form of a task's result. nil, bool, string and []byte keep their type, and
// every integer comes back as an int64. Anything else goes through encoding/json and comes back as
// json.Unmarshal makes it. A value that cannot be stored is an error.
func Encode(value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return storedNil, nil
	case bool:
		if v {
			return storedTrue, nil
		}
		return storedFalse, nil
	case string:
		return append(append(make([]byte, 0, len(v)+1), valueText), v...), nil
	case []byte:
		return append(append(make([]byte, 0, len(v)+1), valueBytes), v...), nil
	}
	if n, is, fits := integer(value); is {
		if !fits {
			return nil, fmt.Errorf("%v cannot be stored: it does not fit into an int64", value)
		}
		return encodeInt(n), nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("a %T cannot be stored: %w", value, err)
	}
	return append([]byte{valueJSON}, text...), nil
}

func encodeInt(n int64) []byte {
	var room [1 + binary.MaxVarintLen64]byte
	room[0] = valueInt
	size := 1 + binary.PutVarint(room[1:], n)
	return append(make([]byte, 0, size), room[:size]...)
}

// integer is the value of any of Go's integers, which JSON would make a float of.
func integer(value any) (n int64, is, fits bool) {
	switch v := value.(type) {
	case int:
		return int64(v), true, true
	case int8:
		return int64(v), true, true
	case int16:
		return int64(v), true, true
	case int32:
		return int64(v), true, true
	case int64:
		return v, true, true
	case uint:
		return int64(v), true, uint64(v) <= math.MaxInt64
	case uint8:
		return int64(v), true, true
	case uint16:
		return int64(v), true, true
	case uint32:
		return int64(v), true, true
	case uint64:
		return int64(v), true, v <= math.MaxInt64
	default:
		return 0, false, false
	}
}

// Decode reads what [Encode] made. No bytes at all decode to nil. The value shares nothing with the
// stored bytes.
func Decode(stored []byte) (any, error) {
	if len(stored) == 0 {
		return nil, nil
	}
	body := stored[1:]
	switch stored[0] {
	case valueNil, valueFalse, valueTrue:
		if len(body) > 0 {
			break
		}
		if stored[0] == valueNil {
			return nil, nil
		}
		return stored[0] == valueTrue, nil
	case valueInt:
		if n, size := binary.Varint(body); size > 0 && size == len(body) {
			return n, nil
		}
	case valueText:
		return string(body), nil
	case valueBytes:
		return append(make([]byte, 0, len(body)), body...), nil
	case valueJSON:
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return nil, fmt.Errorf("damaged value: %w", err)
		}
		return v, nil
	}
	return nil, errors.New("damaged value")
}

// Restored is what value is after it has been stored and read again: what [Decode] makes of stored,
// which is what [Encode] made of value. It spares the reading where that would change nothing.
func Restored(value any, stored []byte) (any, error) {
	switch value.(type) {
	case nil, bool, string, int64:
		return value, nil
	}
	return Decode(stored)
}
