package preprocess

import "image"

// planes are the decoded components of a JPEG before upsampling: the first at
// full size, the two chroma planes smaller by the factors hs and vs.
type planes struct {
	w, h             int
	y, cb, cr        []uint8
	yStride, cStride int
	hs, vs           int
}

// planesOf shares the memory of a decoded image whose bounds begin at 0.
func planesOf(m *image.YCbCr) planes {
	p := planes{
		w: m.Rect.Dx(), h: m.Rect.Dy(),
		y: m.Y, cb: m.Cb, cr: m.Cr, yStride: m.YStride, cStride: m.CStride,
		hs: 1, vs: 1,
	}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		p.hs = 2
	case image.YCbCrSubsampleRatio420:
		p.hs, p.vs = 2, 2
	case image.YCbCrSubsampleRatio440:
		p.vs = 2
	case image.YCbCrSubsampleRatio411:
		p.hs = 4
	case image.YCbCrSubsampleRatio410:
		p.hs, p.vs = 4, 2
	}
	return p
}

// chroma is the memory that chroma planes are upsampled in.
type chroma struct {
	rows [2][]uint8
	sums []int32
}

// rgb upsamples the chroma planes and converts every pixel, into the image given or a
// new one.
func (c *chroma) rgb(p planes, into *Image, convert rowConverter) *Image {
	m := into.sized(p.w, p.h)
	up := c.upsampler(p)
	for y := range p.h {
		cb, cr := up.row(p.cb, 0, y), up.row(p.cr, 1, y)
		convert(m.Pix[3*y*p.w:3*(y+1)*p.w], p.y[y*p.yStride:], cb, cr)
	}
	return m
}

// upsampler brings rows of the chroma planes to full width with libjpeg's
// "fancy" filters (jdsample.c): triangle filters with an alternating rounding
// bias, for the factors 2x1, 1x2 and 2x2, and repetition for all others. Beyond
// the edges the outermost sample repeats.
type upsampler struct {
	planes
	cw, ch int        // size of a chroma plane
	buf    [2][]uint8 // one full row for each chroma plane
	sums   []int32    // vertical sums of one row
}

func (c *chroma) upsampler(p planes) *upsampler {
	u := &upsampler{planes: p, cw: (p.w + p.hs - 1) / p.hs, ch: (p.h + p.vs - 1) / p.vs}
	if p.hs > 1 || p.vs > 1 {
		c.rows[0], c.rows[1] = sized(c.rows[0], u.cw*p.hs), sized(c.rows[1], u.cw*p.hs)
		c.sums = sized(c.sums, u.cw)
		u.buf, u.sums = c.rows, c.sums
	}
	return u
}

// row is row y of the plane at full size. It is valid until the next call with
// the same slot.
func (u *upsampler) row(plane []uint8, slot, y int) []uint8 {
	cy := y / u.vs
	near := plane[cy*u.cStride:][:u.cw]
	out := u.buf[slot]
	// libjpeg has no triangle filter for planes of one or two columns.
	wide := u.cw > 2
	switch {
	case u.hs == 1 && u.vs == 1:
		return near
	case u.hs == 2 && u.vs == 1 && wide:
		triangleH(out, near)
	case u.hs == 1 && u.vs == 2:
		far, bias := u.far(plane, y)
		triangleV(out, near, far, bias)
	case u.hs == 2 && u.vs == 2 && wide:
		far, _ := u.far(plane, y)
		triangleHV(out, near, far, u.sums)
	default:
		repeatH(out, near, u.hs)
	}
	return out
}

// far returns the chroma row next nearest to row y of the image, and the
// rounding bias of the 1x2 filter: 1 where that row lies above, 2 where below.
func (u *upsampler) far(plane []uint8, y int) ([]uint8, int32) {
	cy, bias := y/2-1, int32(1)
	if y%2 == 1 {
		cy, bias = y/2+1, 2
	}
	cy = max(0, min(cy, u.ch-1))
	return plane[cy*u.cStride:][:u.cw], bias
}

// triangleH doubles a row: 3/4 of the nearer and 1/4 of the further sample.
// len(src) > 1.
func triangleH(dst, src []uint8) {
	n := len(src)
	dst = dst[:2*n]
	dst[0] = src[0]
	dst[1] = uint8((3*int32(src[0]) + int32(src[1]) + 2) >> 2)
	for i := 1; i < n-1; i++ {
		v := 3 * int32(src[i])
		dst[2*i] = uint8((v + int32(src[i-1]) + 1) >> 2)
		dst[2*i+1] = uint8((v + int32(src[i+1]) + 2) >> 2)
	}
	dst[2*n-2] = uint8((3*int32(src[n-1]) + int32(src[n-2]) + 1) >> 2)
	dst[2*n-1] = src[n-1]
}

// triangleV mixes two rows.
func triangleV(dst, near, far []uint8, bias int32) {
	for i, v := range near {
		dst[i] = uint8((3*int32(v) + int32(far[i]) + bias) >> 2)
	}
}

// triangleHV mixes two rows and doubles the result, without rounding between:
// weights of 9/16, 3/16, 3/16 and 1/16. len(near) > 1.
func triangleHV(dst, near, far []uint8, sums []int32) {
	n := len(near)
	far, sums, dst = far[:n], sums[:n], dst[:2*n]
	for i, v := range near {
		sums[i] = 3*int32(v) + int32(far[i])
	}
	dst[0] = uint8((4*sums[0] + 8) >> 4)
	dst[1] = uint8((3*sums[0] + sums[1] + 7) >> 4)
	for i := 1; i < n-1; i++ {
		v := 3 * sums[i]
		dst[2*i] = uint8((v + sums[i-1] + 8) >> 4)
		dst[2*i+1] = uint8((v + sums[i+1] + 7) >> 4)
	}
	dst[2*n-2] = uint8((3*sums[n-1] + sums[n-2] + 8) >> 4)
	dst[2*n-1] = uint8((4*sums[n-1] + 7) >> 4)
}

// repeatH repeats every sample factor times.
func repeatH(dst, src []uint8, factor int) {
	for i, v := range src {
		for j := range factor {
			dst[i*factor+j] = v
		}
	}
}
