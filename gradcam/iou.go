package gradcam

import "math"

// corners are the left, top, right and bottom edge of a box, in pixels.
type corners [4]float64

func (b corners) area() float64 { return (b[2] - b[0]) * (b[3] - b[1]) }

// iou is the area that two boxes share, divided by the area of both together
// (torchvision.ops.box_iou), with its gradient by box b. Where two edges meet, the
// derivative of max and min is half of either side's, as in PyTorch: a box that is
// its own reference has no gradient.
func iou(a, b corners) (float64, corners) {
	width, dwidth := overlap(a[0], a[2], b[0], b[2])
	height, dheight := overlap(a[1], a[3], b[1], b[3])
	shared := width * height
	union := a.area() + b.area() - shared
	if union <= 0 {
		return 0, corners{}
	}
	dshared := corners{dwidth[0] * height, dheight[0] * width, dwidth[1] * height, dheight[1] * width}
	w, h := b[2]-b[0], b[3]-b[1]
	darea := corners{-h, -w, h, w}
	var gradient corners
	for i := range gradient {
		dunion := darea[i] - dshared[i]
		gradient[i] = (dshared[i]*union - shared*dunion) / (union * union)
	}
	return shared / union, gradient
}

// overlap is the length that [a0, a1] and [b0, b1] share, and its derivatives by b0
// and b1.
func overlap(a0, a1, b0, b1 float64) (length float64, derivatives [2]float64) {
	length = math.Min(a1, b1) - math.Max(a0, b0)
	if length < 0 {
		return 0, [2]float64{}
	}
	return length, [2]float64{-step(b0 - a0), step(a1 - b1)}
}

// step is 1 for positive numbers, 0 for negative ones, 1/2 between.
func step(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return 0
	}
	return 0.5
}
