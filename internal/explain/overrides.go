package explain

import (
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// Overrides change how photos become inputs, field by field. The zero value of a
// field changes nothing.
type Overrides struct {
	// Pipeline is "pil", "tensor", or "none" for pixels scaled to 0..1 and nothing
	// else, on top of which the other fields count.
	Pipeline string
	// Size is what the photo is resized to: one number for the shorter side, two
	// for height and width; an empty list, other than nil, keeps its size. Without
	// Crop, one number is the size of the crop as well.
	Size []int
	// Crop is the size of the crop in the centre: one number for a square, two for
	// height and width; an empty list, other than nil, is none.
	Crop          []int
	Interpolation string
	// Mean and Std have one number a channel, or one for all.
	Mean, Std []float64
}

func (o Overrides) any() bool {
	return o.Pipeline != "" || o.Size != nil || o.Crop != nil || o.Interpolation != "" || o.Mean != nil || o.Std != nil
}

// apply lays the overrides over a pipeline.
func (o Overrides) apply(p preprocess.Pipeline) (preprocess.Pipeline, error) {
	switch o.Pipeline {
	case "":
	case "none":
		p = preprocess.Pipeline{Channels: p.Channels}
	default:
		p.Kind = preprocess.Kind(o.Pipeline)
	}
	if o.Size != nil {
		p.Resize, p.Crop = o.Size, nil
		if len(o.Size) == 1 {
			p.Crop = o.Size
		}
	}
	if o.Crop != nil {
		p.Crop = o.Crop
	}
	if o.Interpolation != "" {
		p.Interpolation = preprocess.Interpolation(o.Interpolation)
	}
	if o.Mean != nil {
		p.Mean = spread(o.Mean, p.Channels)
	}
	if o.Std != nil {
		p.Std = spread(o.Std, p.Channels)
	}
	if err := p.Validate(); err != nil {
		return p, misuse{fmt.Errorf("preprocessing: %w", err)}
	}
	return p, nil
}

// spread gives every channel the one number that was meant for all.
func spread(values []float64, channels int) []float64 {
	if len(values) != 1 {
		return values
	}
	return slices.Repeat(values, max(channels, 1))
}
