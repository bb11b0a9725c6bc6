package gradcam

import (
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// Mask explains a segmentation: the sum of class c's raw outputs over the places
// of a mask, each times its weight there (pytorch-grad-cam's
// SemanticSegmentationTarget). The output is [classes, space...], the mask
// [space...]; a mask of another size is brought to the output's by the nearest
// neighbour of each place's centre, so that a mask of zeros and ones stays one.
// name is what results show, as "mask:name:c".
func Mask(name string, mask engine.Array, class int) Target {
	return &maskSum{name: name, mask: mask, class: class}
}

// maskSum is used by its address, as a mask cannot be compared.
type maskSum struct {
	linear
	name  string
	mask  engine.Array
	class int
}

func (m *maskSum) String() string { return fmt.Sprintf("mask:%s:%d", m.name, m.class) }

func (m *maskSum) Score(y Sample) (Score, error) {
	weights, err := m.at(y.Output.Shape)
	if err != nil {
		return Score{}, err
	}
	score := Score{Index: m.class, Cotangent: make([]float32, y.Output.Len())}
	own := m.class * len(weights)
	for i, w := range weights {
		score.Value += float64(w) * float64(y.Output.Data[own+i])
		score.Cotangent[own+i] = w
	}
	return score, nil
}

// at is the mask at the size of an output [classes, space...].
func (m *maskSum) at(output []int) ([]float32, error) {
	shape := m.mask.Shape
	if err := m.mask.Check(); err != nil || m.mask.Len() == 0 || m.mask.Ints != nil || len(shape) > 3 {
		return nil, markf(ErrTarget, "target %s: a mask of shape %v: give one number a place, [height, width]", m, shape)
	}
	if len(output) != len(shape)+1 {
		return nil, markf(ErrTarget, "target %s: the output %v is not made of classes and the mask's axes %v: a mask is for segmentations", m, output, shape)
	}
	if m.class < 0 || m.class >= output[0] {
		return nil, markf(ErrTarget, "target %s: class %d is out of range: the model has classes 0 to %d", m, m.class, output[0]-1)
	}
	weights := nearestResize(m.mask.Data, shape, output[1:], centred)
	if err := finite(engine.Array{Shape: output[1:], Data: weights}, "the mask of target "+m.String()); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(weights, isNonZero) {
		return nil, markf(ErrTarget, "target %s: the mask is zero everywhere at the output's size %v: mark some places", m, output[1:])
	}
	return weights, nil
}
