package preprocess

import (
	"fmt"
	"image"
)

// Resize returns the image at another size, equal to Pillow's Image.resize.
func (m *Image) Resize(w, h int, by Interpolation) (*Image, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if w < 1 || h < 1 {
		return nil, fmt.Errorf("preprocess: %w: resize to %dx%d; both must be positive", ErrPipeline, w, h)
	}
	if _, ok := kernelOf(by); !ok && by != Nearest && by != NearestExact {
		return nil, fmt.Errorf("preprocess: %w: resize by %q, which is no interpolation; give bilinear, bicubic or another", ErrPipeline, by)
	}
	r := new(scratch).resizePIL(raster{m.W, m.H, 3, m.Pix}, w, h, image.Rect(0, 0, w, h), by)
	if w == m.W && h == m.H { // never shared with m
		r.pix = append([]uint8(nil), r.pix...)
	}
	return &Image{W: w, H: h, Pix: r.pix}, nil
}

// resizePIL is the rectangle part, within w x h, of what Pillow makes of src at
// the size w x h. Every output sample depends on its own window alone, so what
// lies outside the part is not computed.
func (s *scratch) resizePIL(src raster, w, h int, part image.Rectangle, by Interpolation) raster {
	if w == src.w && h == src.h {
		return src.crop(part)
	}
	if _, ok := kernelOf(by); !ok {
		xs := nearestPIL(src.w, w, part.Min.X, part.Max.X)
		ys := nearestPIL(src.h, h, part.Min.Y, part.Max.Y)
		return pick(src, xs, ys)
	}
	// One line of the source goes through before, then the sum of several lines
	// through after.
	before, after := s.resizeLine(src, by, w, part), identity
	if heightFirst(src, w, h) {
		before, after = identity, before
	}
	s.out = sized(s.out, part.Dx()*part.Dy()*src.channels)
	out := raster{part.Dx(), part.Dy(), src.channels, s.out}
	if h == src.h {
		for y := range out.h {
			copy(out.row(y, 0, out.w), before(src.row(y+part.Min.Y, 0, src.w)))
		}
		return out
	}
	line := func(y int) []uint8 { return before(src.row(y, 0, src.w)) }
	s.buf = sized(s.buf, max(src.w, out.w)*src.channels)
	rows := s.rows.of(by, src.h, h, part.Min.Y, part.Max.Y)
	s.ring = sized(s.ring, overlap(rows))
	filterColumns(s.ring, rows, line, func(y int, sums []int32) {
		buf := s.buf[:len(sums)]
		for i, v := range sums {
			buf[i] = clip((v + 1<<(precision-1)) >> precision)
		}
		copy(out.row(y, 0, out.w), after(buf))
	})
	return out
}

// heightFirst says which pass comes first; in between, values are rounded.
// Pillow begins with the width, and since version 13 with the height where that
// loses more than twice as many rows as the width loses columns: photos twice
// as tall as wide, most of all.
func heightFirst(src raster, w, h int) bool {
	return h < src.h && src.h-h > 2*(src.w-w)
}

// resizeLine returns a function that resizes a line of the source in width and
// keeps the columns of the part. What it returns is valid until its next call.
func (s *scratch) resizeLine(src raster, by Interpolation, w int, part image.Rectangle) func(line []uint8) []uint8 {
	if w == src.w {
		from, to := part.Min.X*src.channels, part.Max.X*src.channels
		return func(line []uint8) []uint8 { return line[from:to] }
	}
	columns := s.columns.of(by, src.w, w, part.Min.X, part.Max.X)
	s.line = sized(s.line, part.Dx()*src.channels)
	buf := s.line
	filter := filterRow3
	if src.channels == 1 {
		filter = filterRow1
	}
	return func(line []uint8) []uint8 {
		filter(buf, line, columns)
		return buf
	}
}

func identity(line []uint8) []uint8 { return line }

// filterRow3 weighs the samples of one row of three channels.
func filterRow3(dst, src []uint8, columns []window[int32]) {
	for i, c := range columns {
		p := src[3*c.first : 3*(c.first+len(c.weights))]
		r, g, b := int32(1<<(precision-1)), int32(1<<(precision-1)), int32(1<<(precision-1))
		for _, k := range c.weights {
			b += k * int32(p[2])
			g += k * int32(p[1])
			r += k * int32(p[0])
			p = p[3:]
		}
		o := dst[3*i : 3*i+3 : 3*i+3]
		o[0], o[1], o[2] = clip(r>>precision), clip(g>>precision), clip(b>>precision)
	}
}

// filterRow1 is filterRow3 for one channel.
func filterRow1(dst, src []uint8, columns []window[int32]) {
	for i, c := range columns {
		p := src[c.first : c.first+len(c.weights)]
		v := int32(1 << (precision - 1))
		for j, k := range c.weights {
			v += k * int32(p[j])
		}
		dst[i] = clip(v >> precision)
	}
}
