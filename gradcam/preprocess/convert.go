package preprocess

import (
	"image"
	"image/color"
)

// FromImage copies any decoded image, with the values Pillow's convert("RGB")
// gives: alpha is dropped, not blended, and colours keep what they were before
// multiplication by it. Deep colour keeps its upper byte; deep grey clips at
// 255, which is what Pillow makes of its mode "I;16".
func FromImage(src image.Image) *Image {
	if s, ok := src.(*image.YCbCr); ok && s.Rect.Min == (image.Point{}) {
		return new(chroma).rgb(planesOf(s), nil, ycc)
	}
	m := NewImage(src.Bounds().Dx(), src.Bounds().Dy())
	read := rowReader(src)
	for y := range m.H {
		read(m.Pix[3*y*m.W:3*(y+1)*m.W], y)
	}
	return m
}

// rowReader returns a function that fills dst, 3 bytes a pixel, from row y of
// the source, counted from its upper edge. The type is looked at once an image,
// not once a pixel: color.Color costs an allocation a pixel.
func rowReader(src image.Image) func(dst []uint8, y int) {
	b := src.Bounds()
	switch s := src.(type) {
	case *image.Gray:
		return func(dst []uint8, y int) { greyRow(dst, s.Pix[y*s.Stride:]) }
	case *image.Gray16:
		return func(dst []uint8, y int) { deepGreyRow(dst, s.Pix[y*s.Stride:], 2) }
	case *image.NRGBA:
		return func(dst []uint8, y int) { colourRow(dst, s.Pix[y*s.Stride:], 4, 1) }
	case *image.NRGBA64:
		return func(dst []uint8, y int) { colourRow(dst, s.Pix[y*s.Stride:], 8, 2) }
	case *image.RGBA:
		if s.Opaque() {
			return func(dst []uint8, y int) { colourRow(dst, s.Pix[y*s.Stride:], 4, 1) }
		}
	case *image.RGBA64:
		if s.Opaque() {
			return func(dst []uint8, y int) { colourRow(dst, s.Pix[y*s.Stride:], 8, 2) }
		}
	case *image.Paletted:
		table := paletteRGB(s.Palette)
		return func(dst []uint8, y int) { palettedRow(dst, s.Pix[y*s.Stride:], table) }
	}
	return func(dst []uint8, y int) {
		for i := 0; i < len(dst); i += 3 {
			c := color.NRGBAModel.Convert(src.At(b.Min.X+i/3, b.Min.Y+y)).(color.NRGBA)
			dst[i], dst[i+1], dst[i+2] = c.R, c.G, c.B
		}
	}
}

// greyRow repeats each sample three times.
func greyRow(dst, src []uint8) {
	for i, j := 0, 0; i < len(dst); i, j = i+3, j+1 {
		v := src[j]
		dst[i], dst[i+1], dst[i+2] = v, v, v
	}
}

// deepGreyRow clips big-endian 16-bit samples at 255.
func deepGreyRow(dst, src []uint8, stride int) {
	for i, j := 0, 0; i < len(dst); i, j = i+3, j+stride {
		v := src[j+1]
		if src[j] != 0 {
			v = 255
		}
		dst[i], dst[i+1], dst[i+2] = v, v, v
	}
}

// colourRow takes the first byte of three samples that lie step bytes apart;
// the next pixel is stride bytes on.
func colourRow(dst, src []uint8, stride, step int) {
	for i, j := 0, 0; i < len(dst); i, j = i+3, j+stride {
		dst[i], dst[i+1], dst[i+2] = src[j], src[j+step], src[j+2*step]
	}
}

// paletteRGB tabulates a palette; what lies beyond its end is black, as in
// Pillow.
func paletteRGB(p color.Palette) *[256][3]uint8 {
	var table [256][3]uint8
	for i, c := range p[:min(len(p), 256)] {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = [3]uint8{n.R, n.G, n.B}
	}
	return &table
}

func palettedRow(dst, src []uint8, table *[256][3]uint8) {
	for i, j := 0, 0; i < len(dst); i, j = i+3, j+1 {
		c := &table[src[j]]
		dst[i], dst[i+1], dst[i+2] = c[0], c[1], c[2]
	}
}
