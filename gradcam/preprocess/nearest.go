package preprocess

// outside marks an output sample without an input sample; it is 0.
const outside = -1

// nearestPIL is the input sample of every output from x0 up to x1: the one under
// its centre. Pillow adds the step up rather than multiplying (ImagingScaleAffine
// of Geometry.c), and so is this done, for the last bits decide ties.
func nearestPIL(in, out, x0, x1 int) []int {
	step := float64(float32(in)) / float64(out)
	at := step * 0.5
	index := make([]int, 0, x1-x0)
	for x := range x1 {
		if x >= x0 {
			i := int(at)
			if i >= in {
				i = outside
			}
			index = append(index, i)
		}
		at += step
	}
	return index
}

// nearestTensor is the same for F.interpolate: the sample under the left edge,
// or under the centre where exact, in single precision.
func nearestTensor(in, out, x0, x1 int, exact bool) []int {
	scale := float32(in) / float32(out)
	index := make([]int, 0, x1-x0)
	for x := x0; x < x1; x++ {
		at := float32(x)
		if exact {
			at += 0.5
		}
		index = append(index, min(int(float32(at*scale)), in-1))
	}
	return index
}

// pick copies the samples at the given columns and rows.
func pick(src raster, xs, ys []int) raster {
	out := newRaster(len(xs), len(ys), src.channels)
	n := src.channels
	for y, sy := range ys {
		if sy == outside {
			continue
		}
		to, from := out.row(y, 0, out.w), src.row(sy, 0, src.w)
		for x, sx := range xs {
			if sx != outside {
				copy(to[x*n:x*n+n], from[sx*n:])
			}
		}
	}
	return out
}
