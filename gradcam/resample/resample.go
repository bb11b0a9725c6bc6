package resample

import "fmt"

// Bilinear resizes a map of h rows and w columns to H rows and W columns, with
// half-pixel centres and no antialias: cv2.resize with INTER_LINEAR, which is
// pytorch-grad-cam's upsampler, and F.interpolate(mode="bilinear",
// align_corners=False). src has h*w values, dst H*W.
func Bilinear(dst, src []float32, h, w, H, W int) {
	check(dst, src, h, w, H, W)
	if h == H && w == W {
		copy(dst, src)
		return
	}
	NewBilinear(h, w, H, W).Resize(dst, src)
}

// AlignCorners resizes as F.interpolate(mode="bilinear", align_corners=True)
// does: the corner pixels of both maps coincide. Score-CAM's masks are made
// this way in pytorch-grad-cam. src has h*w values, dst H*W.
func AlignCorners(dst, src []float32, h, w, H, W int) {
	check(dst, src, h, w, H, W)
	if h == H && w == W {
		copy(dst, src)
		return
	}
	NewAlignCorners(h, w, H, W).Resize(dst, src)
}

// Affine fills dst, H rows of W columns, with bilinear samples of the h x w map
// src at the positions that the two lines give. Positions beyond the map repeat
// its border. Affine with Line{Scale: h/H} and Line{Scale: w/W} is [Bilinear].
func Affine(dst, src []float32, h, w, H, W int, y, x Line) {
	check(dst, src, h, w, H, W)
	newResizer(h, w, taps(H, h, y.at), taps(W, w, x.at)).Resize(dst, src)
}

// Nearest resizes by repeating or dropping values: output pixel i reads input
// pixel floor(i*in/out), as F.interpolate(mode="nearest") does, with the ratio
// rounded to float32 as there. It is the default of captum's
// LayerAttribution.interpolate. src has h*w values, dst H*W.
func Nearest(dst, src []float32, h, w, H, W int) {
	check(dst, src, h, w, H, W)
	cols := floors(W, w)
	for y, sy := range floors(H, h) {
		row, out := src[sy*w:(sy+1)*w], dst[y*W:(y+1)*W]
		for x, sx := range cols {
			out[x] = row[sx]
		}
	}
}

// floors lists the input pixel of each of the n output pixels.
func floors(n, in int) []int {
	scale := float32(in) / float32(n)
	f := make([]int, n)
	for i := range f {
		f[i] = min(int(float32(i)*scale), in-1)
	}
	return f
}

// separable interpolates along rows first, then between rows. Neighbouring
// output rows read the same two input rows, so each input row is stretched
// once: lo and hi, of the output's width, hold the stretched rows that the last
// output row used.
func separable(dst, src []float32, w int, rows, cols []tap, lo, hi []float32) {
	n := len(cols)
	atLo, atHi := -1, -1
	for y, t := range rows {
		if t.lo == atHi && t.lo != atLo {
			lo, hi, atLo, atHi = hi, lo, atHi, atLo
		}
		if t.lo != atLo {
			stretch(lo, src[t.lo*w:(t.lo+1)*w], cols)
			atLo = t.lo
		}
		out := dst[y*n : (y+1)*n]
		if t.hi == t.lo {
			copy(out, lo)
			continue
		}
		if t.hi != atHi {
			stretch(hi, src[t.hi*w:(t.hi+1)*w], cols)
			atHi = t.hi
		}
		blend(out, lo, hi, t.w)
	}
}

// stretch interpolates one input row at the columns' taps.
func stretch(dst, row []float32, cols []tap) {
	for x, t := range cols {
		// The conversions keep the compiler from fusing multiply and add.
		dst[x] = float32(row[t.lo]*(1-t.w)) + float32(row[t.hi]*t.w)
	}
}

// blend is (1-w)*lo + w*hi for one row.
func blend(dst, lo, hi []float32, w float32) {
	v := 1 - w
	lo, hi = lo[:len(dst)], hi[:len(dst)]
	for x := range dst {
		dst[x] = float32(lo[x]*v) + float32(hi[x]*w)
	}
}

func check(dst, src []float32, h, w, H, W int) {
	if h < 1 || w < 1 || H < 1 || W < 1 {
		panic(fmt.Sprintf("resample: sizes must be at least 1, got %dx%d to %dx%d", h, w, H, W))
	}
	if len(src) != h*w {
		panic(fmt.Sprintf("resample: a %dx%d map has %d values, got %d", h, w, h*w, len(src)))
	}
	if len(dst) != H*W {
		panic(fmt.Sprintf("resample: a %dx%d result needs room for %d values, got %d", H, W, H*W, len(dst)))
	}
}
