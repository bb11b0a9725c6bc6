package preprocess

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
)

// jpegPixelsPerByte bounds how many pixels a complete JPEG can hold: every
// 8x8 block of a full-size component takes at least one bit, and at worst one
// component is full-size in width and another in height.
const jpegPixelsPerByte = 2 * 64 * 8

// maxScans bounds the passes over the coefficients that a file may ask for. A
// progressive file has about ten; a scan of a large image that changes nothing
// takes a hundred bytes, and thousands of them would take minutes.
const maxScans = 200

// decodeJPEG uses image/jpeg for entropy decoding and the inverse DCT, and does
// the rest, from chroma upsampling on, as libjpeg and Pillow do.
//
// image/jpeg is made to return the components as they are stored: it gets the
// tables and scans behind a header of ours that hides what the file says about
// its colours.
func (r *Reader) decodeJPEG(b []byte, head jpegHead, into *Image) (*Image, error) {
	if head.w*head.h/jpegPixelsPerByte > len(b) {
		return nil, fmt.Errorf("%d bytes cannot hold a JPEG of %dx%d: %w", len(b), head.w, head.h, ErrTruncated)
	}
	if n := bytes.Count(b[head.scan:], []byte{0xff, sos}); n > maxScans {
		return nil, fmt.Errorf("%w: JPEG of %d scans, at most %d are decoded; save it as a baseline JPEG",
			ErrUnsupported, n, maxScans)
	}
	if r.jpeg != nil {
		if into = into.sized(head.w, head.h); r.jpeg(b, head.w, head.h, into.Pix) {
			return into, nil
		}
	}
	decoded, err := jpeg.Decode(io.MultiReader(
		bytes.NewReader(neutralHeader(head.space)), bytes.NewReader(head.tables), bytes.NewReader(b[head.scan:])))
	if err != nil {
		return nil, jpegError(err, bytes.Contains(b[head.scan:], []byte{0xff, eoi}))
	}
	switch m := decoded.(type) {
	case *image.Gray:
		return FromImage(m), nil
	case *image.YCbCr:
		if head.space == spaceRGB {
			return r.chroma.rgb(planesOf(m), into, interleave), nil
		}
		return r.chroma.rgb(planesOf(m), into, ycc), nil
	case *image.CMYK:
		return cmykRGB(m, head), nil
	default:
		return nil, fmt.Errorf("%w: JPEG decoded to %T; save it as a baseline JPEG", ErrUnsupported, decoded)
	}
}

// neutralHeader makes image/jpeg take three components for YCbCr (JFIF) and
// four for CMYK (Adobe, transform 0), so that it converts neither.
func neutralHeader(s colourSpace) []byte {
	if s == spaceCMYK || s == spaceYCCK {
		return []byte("\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")
	}
	return []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
}

// jpegError sorts what image/jpeg reports. It calls data that runs out in the
// middle of a code malformed; without an end marker, they were cut off.
func jpegError(err error, ended bool) error {
	var unsupported jpeg.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		return fmt.Errorf("%w: %w; save it as a baseline JPEG", ErrUnsupported, err)
	case !ended || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("JPEG ends within its image data: %w", ErrTruncated)
	default:
		return fmt.Errorf("%w: %w", err, ErrCorrupt)
	}
}
