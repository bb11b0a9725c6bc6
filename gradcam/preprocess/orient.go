package preprocess

// Orient turns and mirrors a photo as its EXIF orientation asks, so that it is
// seen upright (Pillow's ImageOps.exif_transpose). The values are those of tag
// 0x0112: 1 is upright, 2 mirrored left to right, 3 turned by half, 4 mirrored
// top to bottom, 5 mirrored along the main diagonal, 6 to be turned clockwise,
// 7 mirrored along the other diagonal, 8 to be turned counter-clockwise. Any
// other value, like 1, returns the image itself.
func (m *Image) Orient(orientation int) *Image {
	if orientation < 2 || orientation > 8 {
		return m
	}
	out := NewImage(m.W, m.H)
	if orientation >= 5 {
		out.W, out.H = m.H, m.W
	}
	// Pixel (0, 0) of the result comes from start; a step to the right in the
	// result moves dx pixels in the source, a step down dy pixels.
	start, dx, dy := 0, 1, m.W
	right, bottom := m.W-1, (m.H-1)*m.W
	switch orientation {
	case 2:
		start, dx, dy = right, -1, m.W
	case 3:
		start, dx, dy = bottom+right, -1, -m.W
	case 4:
		start, dx, dy = bottom, 1, -m.W
	case 5:
		start, dx, dy = 0, m.W, 1
	case 6:
		start, dx, dy = bottom, -m.W, 1
	case 7:
		start, dx, dy = bottom+right, -m.W, -1
	case 8:
		start, dx, dy = right, m.W, -1
	}
	o := 0
	for y := range out.H {
		from := 3 * (start + y*dy)
		for range out.W {
			copy(out.Pix[o:o+3], m.Pix[from:from+3])
			o += 3
			from += 3 * dx
		}
	}
	return out
}
