package preprocess

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"io"
	"strings"
)

// gifPixelsPerByte bounds how many pixels a complete GIF can hold: a code of at
// least 3 bits stands for at most 4096 pixels.
const gifPixelsPerByte = 4096 * 8 / 3

// gifHead is what stands before the pixels of the first frame.
type gifHead struct {
	w, h int
	// fill is the palette index of what the first frame leaves uncovered: its
	// transparent index, or 0 (Pillow's rule; browsers leave it transparent).
	fill uint8
	// flags is the offset of the first frame's graphic control flags, 0 if none.
	flags int
}

// readGIFHead walks the blocks up to the first frame (GIF89a, section 20 on).
func readGIFHead(b []byte) (gifHead, error) {
	truncated := fmt.Errorf("GIF ends before its image data: %w", ErrTruncated)
	if len(b) < 13 {
		return gifHead{}, truncated
	}
	head := gifHead{
		w: int(binary.LittleEndian.Uint16(b[6:])),
		h: int(binary.LittleEndian.Uint16(b[8:])),
	}
	if head.w == 0 || head.h == 0 {
		return head, fmt.Errorf("GIF of size %dx%d: %w", head.w, head.h, ErrCorrupt)
	}
	at := 13
	if b[10]&0x80 != 0 {
		at += 3 << (b[10]&7 + 1)
	}
	for at+2 < len(b) {
		switch b[at] {
		case ',':
			return head, nil
		case '!':
			if b[at+1] == 0xf9 && b[at+2] == 4 && at+7 < len(b) && b[at+3]&1 != 0 {
				head.flags, head.fill = at+3, b[at+6]
			}
			for at += 2; at < len(b) && b[at] != 0; {
				at += 1 + int(b[at])
			}
			at++
		default:
			return head, fmt.Errorf("GIF with an unknown block: %w", ErrCorrupt)
		}
	}
	return head, truncated
}

// decodeGIF decodes the first frame, laid on the whole screen.
func decodeGIF(b []byte, head gifHead) (*Image, error) {
	if head.w*head.h/gifPixelsPerByte > len(b) {
		return nil, fmt.Errorf("%d bytes cannot hold a GIF of %dx%d: %w", len(b), head.w, head.h, ErrTruncated)
	}
	decoded, err := gif.Decode(opaqueGIF(b, head.flags))
	if err != nil {
		return nil, gifError(err)
	}
	frame, ok := decoded.(*image.Paletted)
	if !ok {
		return nil, fmt.Errorf("%w: GIF decoded to %T; save it as PNG", ErrUnsupported, decoded)
	}
	m := NewImage(head.w, head.h)
	table := paletteRGB(frame.Palette)
	if c := table[head.fill]; c != [3]uint8{} && frame.Rect != m.Bounds() {
		for i := 0; i < len(m.Pix); i += 3 {
			copy(m.Pix[i:], c[:])
		}
	}
	r := frame.Rect.Intersect(m.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := m.Pix[3*(y*m.W+r.Min.X) : 3*(y*m.W+r.Max.X)]
		palettedRow(row, frame.Pix[(y-frame.Rect.Min.Y)*frame.Stride:], table)
	}
	return m, nil
}

// opaqueGIF reads the file without its transparency flag: image/gif would
// overwrite the palette's colour there, which Pillow shows.
func opaqueGIF(b []byte, flags int) io.Reader {
	if flags == 0 {
		return bytes.NewReader(b)
	}
	return io.MultiReader(bytes.NewReader(b[:flags]), bytes.NewReader([]byte{b[flags] &^ 1}), bytes.NewReader(b[flags+1:]))
}

// gifError sorts what image/gif reports; its errors have no types.
func gifError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || strings.Contains(err.Error(), "not enough image data") {
		return fmt.Errorf("GIF ends within its image data: %w", ErrTruncated)
	}
	return fmt.Errorf("%w: %w", err, ErrCorrupt)
}
