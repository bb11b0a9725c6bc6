package preprocess

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Reader decodes photos and runs pipelines on them, one after the other in the same
// memory. The zero value is ready for use; it belongs to one goroutine at a time.
type Reader struct {
	file   []byte
	chroma chroma
	resize scratch
	jpeg   func(file []byte, w, h int, rgb []uint8) bool // of the options
}

// DecodeFile does what the function [DecodeFile] does. A JPEG is decoded into the
// memory of the image given, which may be nil, and that image returned.
func (r *Reader) DecodeFile(path string, o Options, into *Image) (*Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("preprocess: %w", err)
	}
	defer f.Close()
	m, err := r.decode(f, o, into)
	if err != nil {
		return nil, fmt.Errorf("preprocess: %s: %w", path, err)
	}
	return m, nil
}

// decode reads a file of at most the budget, whatever its size is said to be.
func (r *Reader) decode(f *os.File, o Options, into *Image) (*Image, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := min(max(info.Size(), 0), o.maxBytes()) + 1
	r.file = sized(r.file, int(size))
	n, err := io.ReadFull(f, r.file)
	if err == nil && int64(n) <= o.maxBytes() { // it grows, or has no size: a pipe
		rest, err := io.ReadAll(io.LimitReader(f, o.maxBytes()+1-size))
		if err != nil {
			return nil, err
		}
		r.file, n = append(r.file, rest...), n+len(rest)
	} else if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return r.decodeBytes(r.file[:n], o, into)
}

// Apply does what [Pipeline.Apply] does. The tensor takes the memory given where that
// is large enough.
func (r *Reader) Apply(p Pipeline, m *Image, into []float32) (Input, error) {
	return p.apply(&r.resize, m, into)
}
