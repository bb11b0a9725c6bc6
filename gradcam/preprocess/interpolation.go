package preprocess

import "math"

// Interpolation names a resampling filter, in torchvision's words.
type Interpolation string

// The filters. All but the nearest ones widen with the factor of reduction
// (antialias), as Pillow always does and torchvision does by default.
const (
	Bilinear Interpolation = "bilinear"
	Bicubic  Interpolation = "bicubic"
	Nearest  Interpolation = "nearest"
	// NearestExact is the same as Nearest in the [PIL] pipeline. In the
	// [Tensor] pipeline Nearest looks at the left upper corner of each pixel,
	// NearestExact at its centre.
	NearestExact Interpolation = "nearest-exact"
	// Lanczos, Box and Hamming exist in the [PIL] pipeline alone.
	Lanczos Interpolation = "lanczos"
	Box     Interpolation = "box"
	Hamming Interpolation = "hamming"
)

// kernel is a resampling kernel: its weight at a distance, and the distance
// from which on it is 0, in input pixels when enlarging.
type kernel struct {
	support float64
	weight  func(x float64) float64
}

// kernelOf is the kernel of a filter that has one, with Pillow's formulas
// (Resample.c) in their order of operations: the last bit counts.
func kernelOf(i Interpolation) (kernel, bool) {
	switch i {
	case Bilinear:
		return kernel{1, triangle}, true
	case Bicubic:
		return kernel{2, keys}, true
	case Lanczos:
		return kernel{3, lanczos3}, true
	case Box:
		return kernel{0.5, box}, true
	case Hamming:
		return kernel{1, hamming}, true
	}
	return kernel{}, false
}

func triangle(x float64) float64 {
	if x = math.Abs(x); x < 1 {
		return 1 - x
	}
	return 0
}

// keys is the cubic convolution of Keys 1981 with a = -0.5.
func keys(x float64) float64 {
	const a = -0.5
	switch x = math.Abs(x); {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	}
	return 0
}

func box(x float64) float64 {
	if x > -0.5 && x <= 0.5 {
		return 1
	}
	return 0
}

func hamming(x float64) float64 {
	switch x = math.Abs(x); {
	case x == 0:
		return 1
	case x >= 1:
		return 0
	}
	// Pillow writes these two constants as single-precision numbers.
	a, b := float64(float32(0.54)), float64(float32(0.46))
	x *= math.Pi
	return math.Sin(x) / x * (a + b*math.Cos(x))
}

func lanczos3(x float64) float64 {
	if -3 <= x && x < 3 {
		return sinc(x) * sinc(x/3)
	}
	return 0
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}
