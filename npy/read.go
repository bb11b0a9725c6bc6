package npy

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"

	"github.com/torchlight-go/torchlight/engine"
)

// ErrTruncated is wrapped by the errors of files that end too early.
var ErrTruncated = errors.New("the file is truncated")

// Read reads one array and nothing beyond it, so several arrays written one
// after the other can be read one after the other. Integers and booleans come
// back in Ints, everything else in Data. NaN and infinities are passed on.
func Read(r io.Reader) (engine.Array, error) {
	a, err := read(r)
	if err != nil {
		return engine.Array{}, fmt.Errorf("npy: %w", err)
	}
	return a, nil
}

// ReadFile reads the array of one file, which must hold nothing else.
func ReadFile(path string) (engine.Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return engine.Array{}, fmt.Errorf("npy: %w", err)
	}
	defer f.Close()
	a, err := read(f)
	if err != nil {
		return engine.Array{}, fmt.Errorf("npy: %s: %w", path, err)
	}
	switch n, err := io.Copy(io.Discard, f); {
	case err != nil:
		return engine.Array{}, fmt.Errorf("npy: %s: %w", path, err)
	case n > 0:
		return engine.Array{}, fmt.Errorf("npy: %s: %d bytes after the array; save one array in each file", path, n)
	}
	return a, nil
}

// TypeOf is NumPy's name of the type of a file's elements, such as "uint8": what
// [ReadFile] widened to int64 or float32.
func TypeOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("npy: %w", err)
	}
	defer f.Close()
	h, err := readHeader(f)
	if err != nil {
		return "", fmt.Errorf("npy: %s: %w", path, err)
	}
	if _, err := elementType(h.descr); err != nil {
		return "", fmt.Errorf("npy: %s: %w", path, err)
	}
	return map[string]string{
		"<f4": "float32", "<f2": "float16", "<f8": "float64", "<i8": "int64", "<i4": "int32", "|u1": "uint8", "|b1": "bool",
	}[h.descr], nil
}

func read(r io.Reader) (engine.Array, error) {
	h, err := readHeader(r)
	if err != nil {
		return engine.Array{}, err
	}
	t, err := elementType(h.descr)
	if err != nil {
		return engine.Array{}, err
	}
	count, err := elements(h.shape)
	if err != nil {
		return engine.Array{}, err
	}
	if left, known := remaining(r); known && left/int64(t.size) < int64(count) {
		return engine.Array{}, fmt.Errorf("%w: shape %v wants %d bytes of data, %d are there",
			ErrTruncated, h.shape, count*t.size, left)
	}
	a := engine.Array{Shape: h.shape}
	if err := t.read(&a, r, count); err != nil {
		return engine.Array{}, err
	}
	if h.fortran {
		return fromFortran(a), nil
	}
	return a, nil
}

// elements is the number of elements of a shape.
func elements(shape []int) (int, error) {
	const limit = 1 << (bits.UintSize - 8) // times 8 bytes still fits an int
	count, over := uint(1), false
	for _, d := range shape {
		if d == 0 {
			return 0, nil
		}
		hi, lo := bits.Mul(count, uint(d))
		over = over || hi != 0 || lo > limit
		count = lo
	}
	if over {
		return 0, fmt.Errorf("malformed header: shape %v is larger than any file", shape)
	}
	return int(count), nil
}

// remaining is what a reader still holds, if it can tell without reading: bytes
// in memory can, and regular files can.
func remaining(r io.Reader) (int64, bool) {
	switch r := r.(type) {
	case interface{ Len() int }:
		return int64(r.Len()), true
	case *os.File:
		info, err := r.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return 0, false
		}
		at, err := r.Seek(0, io.SeekCurrent)
		return max(0, info.Size()-at), err == nil
	}
	return 0, false
}

// truncated says that the input ended inside its header, and passes other errors on.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w inside its header", ErrTruncated)
	}
	return err
}

// fromFortran reorders elements that were stored first axis fastest.
func fromFortran(a engine.Array) engine.Array {
	if a.Ints != nil {
		a.Ints = rowMajor(a.Shape, a.Ints)
	} else {
		a.Data = rowMajor(a.Shape, a.Data)
	}
	return a
}

func rowMajor[T any](shape []int, src []T) []T {
	stride := make([]int, len(shape))
	for k, step := 0, 1; k < len(shape); k++ {
		stride[k], step = step, step*shape[k]
	}
	dst, index := make([]T, len(src)), make([]int, len(shape))
	at := 0
	for i := range dst {
		dst[i] = src[at]
		for k := len(shape) - 1; k >= 0; k-- {
			index[k]++
			at += stride[k]
			if index[k] < shape[k] {
				break
			}
			index[k], at = 0, at-stride[k]*shape[k]
		}
	}
	return dst
}
