package gradcam

import (
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// shown is the share of an input attribution's places that are shown below full
// brightness. A handful of pixels outshine all others, and a picture scaled by
// them is black; the saliency library of Google's PAIR cuts at the same share.
const shown = 0.99

// Display is the map as a picture shows it, [H, W] in 0..1. What is negative is
// dark; maps that keep their scale are divided by their maximum, and input
// attributions by the value that one place in a hundred exceeds. For numbers
// use [Result.MapSize].
func (r Result) Display(h, w int) (engine.Array, error) {
	m, err := r.MapSize(h, w)
	if err != nil {
		return m, err
	}
	return r.DisplayMap(m.Data, m), nil
}

// DisplayMap is [Result.Display] of a map that was made before, by [Result.Map] or
// [Result.MapSize]. It takes the memory given where that is large enough.
func (r Result) DisplayMap(into []float32, m engine.Array) engine.Array {
	if cap(into) < m.Len() {
		into = make([]float32, m.Len())
	}
	lit := engine.Array{Shape: m.Shape, Data: into[:m.Len()]}
	top := float32(1)
	if r.finish == Magnitude || !r.Normalised {
		_, top = extremes(m.Data)
	}
	if r.finish == Magnitude {
		order := slices.Sorted(slices.Values(m.Data))
		if v := order[int(shown*float64(len(order)-1))]; v > 0 {
			top = v
		}
	}
	for i, v := range m.Data {
		if v = max(v, 0); top > 0 {
			v = min(v/top, 1)
		}
		lit.Data[i] = v
	}
	return lit
}
