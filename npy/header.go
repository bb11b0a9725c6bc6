package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

const (
	magic = "\x93NUMPY"
	// maxHeader is numpy's own limit (max_header_size); real ones have 118 bytes.
	maxHeader = 10_000
	// maxDims is numpy's limit of dimensions.
	maxDims = 64
)

// header is the description in front of the data.
type header struct {
	descr   string
	fortran bool
	shape   []int
}

// readHeader reads up to the first byte of data.
func readHeader(r io.Reader) (header, error) {
	n, err := headerLen(r)
	if err != nil {
		return header{}, err
	}
	if n > maxHeader {
		return header{}, fmt.Errorf("a header of %d bytes, the limit is %d", n, maxHeader)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return header{}, truncated(err)
	}
	return parseHeader(string(text))
}

// headerLen reads the magic string, the version and the header's length.
func headerLen(r io.Reader) (int64, error) {
	var b [12]byte
	n, err := io.ReadFull(r, b[:8])
	switch {
	case err == io.EOF:
		return 0, errors.New("the file is empty")
	case err != nil && err != io.ErrUnexpectedEOF:
		return 0, err
	case string(b[:min(n, 6)]) != magic[:min(n, 6)]:
		return 0, notNpy(b[:n])
	case n < 8:
		return 0, truncated(err)
	}
	switch version := [2]byte{b[6], b[7]}; version {
	case [2]byte{1, 0}:
		if _, err := io.ReadFull(r, b[8:10]); err != nil {
			return 0, truncated(err)
		}
		return int64(binary.LittleEndian.Uint16(b[8:10])), nil
	case [2]byte{2, 0}:
		if _, err := io.ReadFull(r, b[8:12]); err != nil {
			return 0, truncated(err)
		}
		return int64(binary.LittleEndian.Uint32(b[8:12])), nil
	default:
		return 0, fmt.Errorf("format version %d.%d; versions 1.0 and 2.0 are read, which numpy.save writes for plain arrays", b[6], b[7])
	}
}

func notNpy(start []byte) error {
	if bytes.HasPrefix(start, []byte("PK")) {
		return errors.New("a zip archive (.npz); save one array with numpy.save")
	}
	return errors.New("not a .npy file; save the array with numpy.save")
}

// parseHeader reads the Python dict literal that describes the array, such as
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//
// with exactly these three keys, in any order.
func parseHeader(text string) (header, error) {
	p := &parser{rest: text}
	var h header
	seen := map[string]bool{}
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		key := p.str()
		p.expect(":")
		if seen[key] {
			p.fail("key %q twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			h.descr = p.descr()
		case "fortran_order":
			h.fortran = p.boolean()
		case "shape":
			h.shape = p.tuple()
		default:
			p.fail("unknown key %q", key)
		}
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	if p.space(); p.err == nil && p.rest != "" {
		p.fail("%q after the closing brace", clip(p.rest))
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if p.err == nil && !seen[key] {
			p.fail("no key %q", key)
		}
	}
	return h, p.err
}

// parser eats a header from the left. After the first failure it does nothing.
type parser struct {
	rest string
	err  error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("malformed header: "+format, args...)
	}
}

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// accept eats the token if it comes next.
func (p *parser) accept(token string) bool {
	p.space()
	if p.err != nil || !strings.HasPrefix(p.rest, token) {
		return false
	}
	p.rest = p.rest[len(token):]
	return true
}

func (p *parser) expect(token string) {
	if p.err == nil && !p.accept(token) {
		p.fail("%q expected, found %q", token, clip(p.rest))
	}
}

// str reads a quoted string without escapes; numpy writes no others here.
func (p *parser) str() string {
	p.space()
	if p.err != nil {
		return ""
	}
	if p.rest != "" && (p.rest[0] == '\'' || p.rest[0] == '"') {
		if end := strings.IndexByte(p.rest[1:], p.rest[0]); end >= 0 {
			s := p.rest[1 : 1+end]
			p.rest = p.rest[2+end:]
			return s
		}
	}
	p.fail("a quoted string expected, found %q", clip(p.rest))
	return ""
}

// descr reads the element type. A list of fields is a record type.
func (p *parser) descr() string {
	if p.space(); strings.HasPrefix(p.rest, "[") && p.err == nil {
		p.err = errors.New("an array of records; save one field of it, as float32")
		return ""
	}
	return p.str()
}

func (p *parser) boolean() bool {
	if p.accept("True") {
		return true
	}
	if !p.accept("False") {
		p.fail("True or False expected, found %q", clip(p.rest))
	}
	return false
}

// tuple reads a shape: (), (3,) or (2, 3).
func (p *parser) tuple() []int {
	shape := []int{}
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		shape = append(shape, p.extent())
		if len(shape) > maxDims {
			p.fail("more than %d dimensions", maxDims)
		}
		if !p.accept(",") {
			p.expect(")")
			if len(shape) == 1 {
				p.fail("a shape that is no tuple")
			}
			break
		}
	}
	return shape
}

// extent reads one non-negative number.
func (p *parser) extent() int {
	p.space()
	end := 0
	for end < len(p.rest) && p.rest[end] >= '0' && p.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(p.rest[:end], 10, 63)
	switch {
	case end == 0:
		p.fail("a number expected in the shape, found %q", clip(p.rest))
	case err != nil || n > math.MaxInt:
		p.fail("extent %s in the shape", clip(p.rest[:end]))
	}
	p.rest = p.rest[end:]
	return int(n)
}

// clip keeps an error to one readable line.
func clip(s string) string {
	if len(s) > 20 {
		return s[:20] + "..."
	}
	return s
}
