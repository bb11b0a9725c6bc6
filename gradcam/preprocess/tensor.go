package preprocess

import (
	"image"
	"math"
)

// resizeTensor is the rectangle part of what torchvision's resize makes of a
// uint8 tensor (_functional_tensor.resize): F.interpolate in single precision
// with antialias, clamped where the filter can overshoot, rounded half to even.
func resizeTensor(src raster, w, h int, part image.Rectangle, by Interpolation) raster {
	if w == src.w && h == src.h {
		return src.crop(part)
	}
	var weight func(float32) float32
	var support float32
	switch by {
	case Nearest, NearestExact:
		xs := nearestTensor(src.w, w, part.Min.X, part.Max.X, by == NearestExact)
		ys := nearestTensor(src.h, h, part.Min.Y, part.Max.Y, by == NearestExact)
		return pick(src, xs, ys)
	case Bicubic:
		weight, support = keys32, 2
	default:
		weight, support = triangle32, 1
	}
	columns := windows32(weight, support, src.w, w, part.Min.X, part.Max.X)
	rows := windows32(weight, support, src.h, h, part.Min.Y, part.Max.Y)
	out := newRaster(part.Dx(), part.Dy(), src.channels)
	buf := make([]float32, out.w*out.channels)
	line := func(y int) []float32 {
		filterRow32(buf, src.row(y, 0, src.w), src.channels, columns)
		return buf
	}
	filterColumns(make([][]float32, overlap(rows)), rows, line, func(y int, sums []float32) {
		dst := out.row(y, 0, out.w)
		for i, v := range sums {
			dst[i] = roundHalfEven(v)
		}
	})
	return out
}

// windows32 follows ATen's _compute_indices_min_size_weights_aa, with its mix of
// single and double precision. The conversions keep products from being fused
// into additions.
func windows32(weight func(float32) float32, support float32, in, out, from, to int) []window[float32] {
	scale := float32(in) / float32(out)
	inverse := float32(1)
	if scale >= 1 {
		inverse = 1 / scale
		support = float32(support * scale)
	}
	result := make([]window[float32], to-from)
	for i := range result {
		centre := float32(float64(scale) * (float64(i+from) + 0.5))
		first := max(int(float64(centre-support)+0.5), 0)
		last := min(int(float64(centre+support)+0.5), in)
		weights := make([]float32, max(last-first, 0))
		var sum float32
		for j := range weights {
			at := float64(float32(j+first)-centre) + 0.5
			weights[j] = weight(float32(at * float64(inverse)))
			sum += weights[j]
		}
		if sum != 0 {
			for j := range weights {
				weights[j] /= sum
			}
		}
		result[i] = window[float32]{first, weights}
	}
	return result
}

func triangle32(x float32) float32 {
	if x < 0 {
		x = -x
	}
	if x < 1 {
		return 1 - x
	}
	return 0
}

// keys32 is Keys' cubic with a = -0.5, which ATen uses with antialias.
func keys32(x float32) float32 {
	const a = -0.5
	if x < 0 {
		x = -x
	}
	switch {
	case x < 1:
		return float32(float32(float32(float32((a+2)*x)-(a+3))*x)*x) + 1
	case x < 2:
		return float32(float32(float32(float32(a*x)-5*a)*x+8*a)*x) - 4*a
	}
	return 0
}

// filterRow32 filters one row of interleaved channels.
func filterRow32(dst []float32, src []uint8, channels int, columns []window[float32]) {
	for x, c := range columns {
		for ch := range channels {
			p := src[c.first*channels+ch:]
			var v float32
			for j, k := range c.weights {
				v += float32(k * float32(p[j*channels]))
			}
			dst[x*channels+ch] = v
		}
	}
}

// roundHalfEven rounds v, limited to 0..255, as torch.round does.
func roundHalfEven(v float32) uint8 {
	return uint8(math.RoundToEven(float64(max(0, min(v, 255)))))
}
