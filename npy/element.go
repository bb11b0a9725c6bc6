package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
)

// element is one of the types that can be read.
type element struct {
	size int // bytes
	// read fills the array's data from the next count elements.
	read func(a *engine.Array, r io.Reader, count int) error
}

// elementType looks up a type by numpy's name for it.
func elementType(descr string) (element, error) {
	le := binary.LittleEndian
	switch descr {
	case "<f4":
		return floats(4, func(b []byte) (float32, error) { return math.Float32frombits(le.Uint32(b)), nil }), nil
	case "<f2":
		return floats(2, func(b []byte) (float32, error) { return half(le.Uint16(b)), nil }), nil
	case "<f8":
		return floats(8, double), nil
	case "<i8":
		return integers(8, func(b []byte) (int64, error) { return int64(le.Uint64(b)), nil }), nil
	case "<i4":
		return integers(4, func(b []byte) (int64, error) { return int64(int32(le.Uint32(b))), nil }), nil
	case "|u1":
		return integers(1, func(b []byte) (int64, error) { return int64(b[0]), nil }), nil
	case "|b1":
		return integers(1, func(b []byte) (int64, error) { return int64(min(b[0], 1)), nil }), nil
	}
	switch {
	case strings.HasPrefix(descr, ">"):
		return element{}, fmt.Errorf("big-endian data (%q); convert it with x.astype('<f4')", descr)
	case strings.HasPrefix(descr, "|O"):
		return element{}, fmt.Errorf("pickled Python objects, which are never loaded; save an array of float32")
	}
	return element{}, fmt.Errorf("element type %q; convert it to <f4 (also read: <f8 <f2 <i8 <i4 |u1 |b1)", descr)
}

func floats(size int, value func([]byte) (float32, error)) element {
	return element{size, func(a *engine.Array, r io.Reader, count int) (err error) {
		a.Data, err = readElements(r, count, size, value)
		return err
	}}
}

func integers(size int, value func([]byte) (int64, error)) element {
	return element{size, func(a *engine.Array, r io.Reader, count int) (err error) {
		a.Ints, err = readElements(r, count, size, value)
		return err
	}}
}

// readElements reads count elements of size bytes each. The header that gave
// the count may lie, so the result grows with what really arrives.
func readElements[T any](r io.Reader, count, size int, value func([]byte) (T, error)) ([]T, error) {
	room := count
	if _, known := remaining(r); !known {
		room = min(count, 1<<18)
	}
	out := make([]T, 0, room)
	buf := make([]byte, size*min(count, 1<<13))
	for len(out) < count {
		piece := buf[:size*min(count-len(out), len(buf)/size)]
		if n, err := io.ReadFull(r, piece); err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("%w: its shape wants %d bytes of data, %d are there", ErrTruncated, count*size, len(out)*size+n)
		} else if err != nil {
			return nil, err
		}
		for ; len(piece) > 0; piece = piece[size:] {
			v, err := value(piece[:size])
			if err != nil {
				return nil, fmt.Errorf("element %d is %w", len(out), err)
			}
			out = append(out, v)
		}
	}
	return out, nil
}

// double rounds to float32. A finite value that would become infinite is an
// error here, where its place is known.
func double(b []byte) (float32, error) {
	v := math.Float64frombits(binary.LittleEndian.Uint64(b))
	f := float32(v)
	if math.IsInf(float64(f), 0) && !math.IsInf(v, 0) {
		return 0, fmt.Errorf("%v, beyond the range of float32", v)
	}
	return f, nil
}

// half widens an IEEE 754 binary16 value, exactly.
func half(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exp {
	case 0: // zero and subnormals: frac * 2^-24
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(sign | math.Float32bits(v))
	case 0x1f: // infinity and NaN
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}
