package preprocess

import (
	"fmt"
	"math"
)

// Kind says on which side of the conversion to a tensor the resize happens. The
// two differ by up to one level in a sixth of the pixels; the right one is the
// one the checkpoint was trained with.
type Kind string

const (
	// PIL resizes the decoded photo with Pillow and then makes it a tensor.
	PIL Kind = "pil"
	// Tensor makes it a tensor of uint8 first and resizes that, in float with
	// antialias and rounded back, as torchvision's presets do when they are
	// given a tensor.
	Tensor Kind = "tensor"
)

// Pipeline is torchvision's preprocessing for classification: resize, crop in
// the centre, scale, normalise. The zero value only scales to 0..1; [ImageNet]
// is what most checkpoints want. A Pipeline is never changed by its methods and
// may be used from many goroutines.
type Pipeline struct {
	// Kind is the pipeline; empty means [PIL].
	Kind Kind
	// Resize is the size before the crop: one number for the shorter side, two
	// for height and width, none to keep the photo's size.
	Resize []int
	// Crop is the size of the centre crop: one number for a square, two for
	// height and width, none for no crop. A photo smaller than the crop is
	// padded with black.
	Crop []int
	// Interpolation is the filter of the resize; empty means [Bilinear].
	Interpolation Interpolation
	// Channels is 3 for RGB, also meant by 0, and 1 for grey, which is
	// Pillow's mode "L" and made before the resize.
	Channels int
	// Range is what 0 and 255 become before normalising; {0, 0} means {0, 1}.
	Range [2]float64
	// Mean is subtracted and Std divided by, one number a channel. Without
	// Mean nothing is subtracted, without Std nothing is divided.
	Mean, Std []float64
}

// ImageNet is the preprocessing of torchvision's ImageNet classifiers: the
// shorter side to 256, a centre crop of 224, the data set's mean and standard
// deviation. For one channel these are averages over the three.
func ImageNet(channels int) Pipeline {
	p := Pipeline{
		Kind:          PIL,
		Resize:        []int{256},
		Crop:          []int{224},
		Interpolation: Bilinear,
		Channels:      channels,
		Mean:          []float64{0.485, 0.456, 0.406},
		Std:           []float64{0.229, 0.224, 0.225},
	}
	if channels == 1 {
		p.Mean, p.Std = []float64{0.449}, []float64{0.226}
	}
	return p
}

// maxSide bounds a side of the resized photo. Far below it a resize to a
// shorter side already means that the photo is a line.
const maxSide = 1 << 24

// Validate reports what is wrong with the settings, naming the field.
func (p Pipeline) Validate() error {
	switch p.Kind {
	case "", PIL, Tensor:
	default:
		return invalid("Kind %q: want %q or %q", p.Kind, PIL, Tensor)
	}
	if p.Channels != 0 && p.Channels != 1 && p.Channels != 3 {
		return invalid("Channels %d: want 3 for RGB or 1 for grey", p.Channels)
	}
	if err := p.checkInterpolation(); err != nil {
		return err
	}
	if err := checkSize("Resize", p.Resize); err != nil {
		return err
	}
	if err := checkSize("Crop", p.Crop); err != nil {
		return err
	}
	if !finite(p.Range[:]) || p.Range[0] > p.Range[1] {
		return invalid("Range %v: want the lower and the upper limit", p.Range)
	}
	if err := p.checkStatistics("Mean", p.Mean); err != nil {
		return err
	}
	for _, s := range p.Std {
		if float32(s) == 0 {
			return invalid("Std %v: division by 0", p.Std)
		}
	}
	return p.checkStatistics("Std", p.Std)
}

func (p Pipeline) checkInterpolation() error {
	switch p.Interpolation {
	case "", Bilinear, Bicubic, Nearest, NearestExact:
		return nil
	case Lanczos, Box, Hamming:
		if p.Kind == Tensor {
			return invalid("Interpolation %q: the tensor pipeline has %q, %q, %q and %q",
				p.Interpolation, Bilinear, Bicubic, Nearest, NearestExact)
		}
		return nil
	}
	return invalid("Interpolation %q: want %q, %q or %q", p.Interpolation, Bilinear, Bicubic, Nearest)
}

func checkSize(field string, size []int) error {
	if len(size) > 2 {
		return invalid("%s %v: want one number, or height and width", field, size)
	}
	for _, n := range size {
		if n < 1 || n > maxSide {
			return invalid("%s %v: want numbers from 1 to %d", field, size, maxSide)
		}
	}
	return nil
}

func (p Pipeline) checkStatistics(field string, values []float64) error {
	if len(values) != 0 && len(values) != p.channels() {
		return invalid("%s %v: want %d numbers, one a channel", field, values, p.channels())
	}
	if !finite(values) {
		return invalid("%s %v: want finite numbers", field, values)
	}
	return nil
}

func finite(values []float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("preprocess: %w: "+format, append([]any{ErrPipeline}, args...)...)
}

func (p Pipeline) channels() int {
	if p.Channels == 0 {
		return 3
	}
	return p.Channels
}

func (p Pipeline) interpolation() Interpolation {
	if p.Interpolation == "" {
		return Bilinear
	}
	return p.Interpolation
}
