package preprocess

import "image"

// raster is 8-bit samples, interleaved: 3 channels, or 1 after [grey].
type raster struct {
	w, h, channels int
	pix            []uint8
}

func newRaster(w, h, channels int) raster {
	return raster{w, h, channels, make([]uint8, w*h*channels)}
}

// row is the samples from x0 up to x1 of a row.
func (r raster) row(y, x0, x1 int) []uint8 {
	return r.pix[(y*r.w+x0)*r.channels : (y*r.w+x1)*r.channels]
}

// crop cuts out a rectangle, which may reach beyond the raster: there it is 0.
func (r raster) crop(rect image.Rectangle) raster {
	if rect == image.Rect(0, 0, r.w, r.h) {
		return r
	}
	out := newRaster(rect.Dx(), rect.Dy(), r.channels)
	out.paste(r, image.Point{}.Sub(rect.Min))
	return out
}

// paste copies src, with its upper left corner at the given point, where it
// overlaps r.
func (r raster) paste(src raster, at image.Point) {
	overlap := image.Rect(0, 0, src.w, src.h).Add(at).Intersect(image.Rect(0, 0, r.w, r.h))
	for y := overlap.Min.Y; y < overlap.Max.Y; y++ {
		copy(r.row(y, overlap.Min.X, overlap.Max.X), src.row(y-at.Y, overlap.Min.X-at.X, overlap.Max.X-at.X))
	}
}

// grey is Pillow's convert("L"): ITU-R 601-2 luma in 16-bit fixed point, in the
// memory given where that is large enough.
func (m *Image) grey(into []uint8) raster {
	out := raster{m.W, m.H, 1, sized(into, m.W*m.H)}
	for i := range out.pix {
		p := m.Pix[3*i : 3*i+3 : 3*i+3]
		out.pix[i] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + half) >> 16)
	}
	return out
}
