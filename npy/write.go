package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/atomicfile"
)

// Write writes the array as numpy.save would write a C-contiguous float32
// array. Integers are written as floats, or refused where that would change
// them: float32 holds whole numbers up to 2^24.
func Write(w io.Writer, a engine.Array) error {
	if err := a.Check(); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	if err := checkInts(a.Ints); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	if _, err := w.Write(encodeHeader(a.Shape)); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	if err := writeData(w, a); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}

// WriteFile writes the array to a file, replacing it as a whole or not at all.
func WriteFile(path string, a engine.Array) error {
	return atomicfile.Write(path, 0o644, func(w io.Writer) error { return Write(w, a) })
}

func checkInts(ints []int64) error {
	for i, v := range ints {
		if int64(float32(v)) != v || v < -1<<53 || v > 1<<53 {
			return fmt.Errorf("element %d is %d, which float32 cannot hold exactly", i, v)
		}
	}
	return nil
}

// encodeHeader is the magic string, version 1.0, and the description, filled up
// with blanks so that the data starts at a multiple of 64 bytes. Like numpy it
// leaves room for the first extent to grow to 21 digits in place.
func encodeHeader(shape []int) []byte {
	const growth = 21
	var d strings.Builder
	d.WriteString("{'descr': '<f4', 'fortran_order': False, 'shape': " + pythonTuple(shape) + ", }")
	if len(shape) > 0 {
		d.WriteString(strings.Repeat(" ", growth-len(strconv.Itoa(shape[0]))))
	}
	const before = len(magic) + 2 + 2
	d.WriteString(strings.Repeat(" ", 63-(before+d.Len())%64) + "\n")

	b := append([]byte(magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(d.Len()))
	return append(b, d.String()...)
}

func pythonTuple(shape []int) string {
	if len(shape) == 1 {
		return "(" + strconv.Itoa(shape[0]) + ",)"
	}
	s := make([]string, len(shape))
	for i, d := range shape {
		s[i] = strconv.Itoa(d)
	}
	return "(" + strings.Join(s, ", ") + ")"
}

// writeData writes in pieces, so that a large array is not doubled in memory.
func writeData(w io.Writer, a engine.Array) error {
	const piece = 1 << 12 // elements
	buf := make([]byte, 0, 4*min(piece, a.Len()))
	for at := 0; at < a.Len(); at += piece {
		buf = buf[:0]
		for i := at; i < min(at+piece, a.Len()); i++ {
			var v float32
			if a.Ints != nil {
				v = float32(a.Ints[i])
			} else {
				v = a.Data[i]
			}
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}
