package preprocess

import (
	"fmt"
	"image"
	"image/color"
)

// Image is a photo as the loader of torchvision hands it on: 8-bit RGB, rows
// from top to bottom, three bytes a pixel and no padding. It is also an
// [image.Image], so that it can be encoded and drawn.
type Image struct {
	W, H int
	Pix  []uint8
}

var _ image.Image = (*Image)(nil)

// sized is the image given, or a new one, at another size; its pixels are anything.
func (m *Image) sized(w, h int) *Image {
	if m == nil {
		return NewImage(w, h)
	}
	m.W, m.H, m.Pix = w, h, sized(m.Pix, 3*w*h)
	return m
}

// NewImage is a black image.
func NewImage(w, h int) *Image { return &Image{W: w, H: h, Pix: make([]uint8, 3*w*h)} }

// ColorModel is part of [image.Image].
func (m *Image) ColorModel() color.Model { return color.RGBAModel }

// Bounds is part of [image.Image].
func (m *Image) Bounds() image.Rectangle { return image.Rect(0, 0, m.W, m.H) }

// At is part of [image.Image]. Loops over many pixels read Pix instead.
func (m *Image) At(x, y int) color.Color {
	if x < 0 || y < 0 || x >= m.W || y >= m.H {
		return color.RGBA{}
	}
	i := 3 * (y*m.W + x)
	return color.RGBA{m.Pix[i], m.Pix[i+1], m.Pix[i+2], 255}
}

// check reports whether the pixels fill the size.
func (m *Image) check() error {
	if m == nil || m.W < 1 || m.H < 1 {
		return fmt.Errorf("preprocess: image without pixels: %w", ErrEmpty)
	}
	if len(m.Pix) != 3*m.W*m.H {
		return fmt.Errorf("preprocess: an image of %dx%d wants %d bytes, has %d: %w",
			m.W, m.H, 3*m.W*m.H, len(m.Pix), ErrCorrupt)
	}
	return nil
}
