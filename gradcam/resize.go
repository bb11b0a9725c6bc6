package gradcam

import "github.com/torchlight-go/torchlight/gradcam/resample"

// resize brings a map of up to three spatial axes to other extents, linearly
// along each axis with half-pixel centres, as cv2.resize and F.interpolate
// (align_corners=False) do. Volumes are trilinear; pytorch-grad-cam uses cubic
// splines there.
func resize(m []float32, from, to []int) []float32 {
	f, t := volume(from), volume(to)
	slice := make([]float32, f[0]*t[1]*t[2])
	for d := range f[0] {
		resample.Bilinear(slice[d*t[1]*t[2]:(d+1)*t[1]*t[2]], m[d*f[1]*f[2]:(d+1)*f[1]*f[2]], f[1], f[2], t[1], t[2])
	}
	if f[0] == t[0] {
		return slice
	}
	// The depths are the rows of one tall map whose rows keep their width.
	out := make([]float32, t[0]*t[1]*t[2])
	resample.Bilinear(out, slice, f[0], t[1]*t[2], t[0], t[1]*t[2])
	return out
}

// volume puts missing axes in front.
func volume(space []int) [3]int {
	v := [3]int{1, 1, 1}
	copy(v[3-min(len(space), 3):], space)
	return v
}
