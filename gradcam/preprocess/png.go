package preprocess

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
)

// pngHead is what the header and the chunks before the pixels say.
type pngHead struct {
	w, h        int
	depth       int  // bits a sample
	colour      int  // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
	orientation int  // EXIF, 0 where there is none
	ended       bool // the end chunk is there
}

// deflateRatio is the largest factor by which deflate shrinks anything.
const deflateRatio = 1032

// readPNGHead reads the header chunk and walks over the others, one of which
// may hold the orientation.
func readPNGHead(b []byte) (pngHead, error) {
	const signature = 8
	if len(b) < signature+8+13 {
		return pngHead{}, fmt.Errorf("PNG ends within its header: %w", ErrTruncated)
	}
	if string(b[signature+4:signature+8]) != "IHDR" {
		return pngHead{}, fmt.Errorf("PNG without a header chunk: %w", ErrCorrupt)
	}
	ihdr := b[signature+8:]
	w, h := binary.BigEndian.Uint32(ihdr), binary.BigEndian.Uint32(ihdr[4:])
	if w == 0 || h == 0 || w > 1<<31-1 || h > 1<<31-1 {
		return pngHead{}, fmt.Errorf("PNG of size %dx%d: %w", w, h, ErrCorrupt)
	}
	head := pngHead{w: int(w), h: int(h), depth: int(ihdr[8]), colour: int(ihdr[9])}
	for at := signature; at+12 <= len(b) && !head.ended; {
		n := int(binary.BigEndian.Uint32(b[at:]))
		if n > len(b)-at-12 {
			break
		}
		switch string(b[at+4 : at+8]) {
		case "eXIf":
			head.orientation = exifOrientation(b[at+8 : at+8+n])
		case "IEND":
			head.ended = true
		}
		at += 12 + n
	}
	return head, nil
}

// rawSize is the number of bytes of the filtered, uncompressed pixels of a
// PNG that is not interlaced; an interlaced one has no fewer.
func (p pngHead) rawSize() float64 {
	samples := map[int]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[p.colour]
	return float64(p.h) * float64(1+(p.w*samples*p.depth+7)/8)
}

// decodePNG decodes to the values Pillow's convert("RGB") gives.
func decodePNG(b []byte, head pngHead) (*Image, error) {
	if head.rawSize() > deflateRatio*float64(len(b)) {
		return nil, fmt.Errorf("%d bytes cannot hold a PNG of %dx%d: %w", len(b), head.w, head.h, ErrTruncated)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, pngError(err, head.ended)
	}
	if s, ok := m.(*image.NRGBA64); ok && head.colour == 0 {
		return deepGreyWithKey(s), nil
	}
	return FromImage(m), nil
}

// deepGreyWithKey handles 16-bit grey with a transparent value: image/png makes
// it four channels, Pillow keeps it grey and therefore clips.
func deepGreyWithKey(s *image.NRGBA64) *Image {
	m := NewImage(s.Rect.Dx(), s.Rect.Dy())
	for y := range m.H {
		deepGreyRow(m.Pix[3*y*m.W:3*(y+1)*m.W], s.Pix[y*s.Stride:], 8)
	}
	return m
}

// pngError sorts what image/png reports. It calls pixels that run out malformed;
// without an end chunk, they were cut off.
func pngError(err error, ended bool) error {
	var unsupported png.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		return fmt.Errorf("%w: %w; save it as an 8-bit RGB PNG", ErrUnsupported, err)
	case !ended || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("PNG ends within its image data: %w", ErrTruncated)
	default:
		return fmt.Errorf("%w: %w", err, ErrCorrupt)
	}
}
