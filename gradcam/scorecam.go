package gradcam

import (
	"context"
	"slices"

	"github.com/torchlight-go/torchlight/gradcam/resample"
)

// scoreMasked are Score-CAM's weights.
func scoreMasked(ctx context.Context, t *trial, _ int, v View) ([][]float64, error) {
	up, err := t.run.upsampler(v, resample.NewAlignCorners)
	if err != nil {
		return nil, err
	}
	mask := make([]float32, up.Len())
	x := t.run.Input()
	weights, err := t.score(ctx, copies{of: x, each: slices.Repeat([]int{v.C}, v.N), write: func(n, k int, row []float32) {
		up.Resize(mask, v.Channel(n, k))
		stretch(mask, 1e-8)
		multiply(row, x.Row(n).Data, mask)
	}}, t.run.predict())
	for _, w := range weights {
		softmax(w)
	}
	return weights, err
}

// upsampler brings a layer's channels to the size of the input.
func (r *Run) upsampler(v View, kind func(h, w, H, W int) *resample.Resizer) (*resample.Resizer, error) {
	H, W, err := r.plane()
	if err != nil {
		return nil, err
	}
	if len(v.Space) > 2 {
		return nil, markf(ErrLayer, "masks need a layer of rows and columns, its space is %v", v.Space)
	}
	space := volume(v.Space)
	return kind(space[1], space[2], H, W), nil
}
