package gradcam

import (
	"context"

	"github.com/torchlight-go/torchlight/engine"
)

// activationsAt are the layers' values for another explained input.
func (r *Run) activationsAt(ctx context.Context, x engine.Array) ([]engine.Array, error) {
	plan, err := r.Plan(ctx, engine.Spec{Layers: r.Layers()})
	if err != nil {
		return nil, err
	}
	pass, err := plan.Forward(ctx, r.With(x, nil))
	if err != nil {
		return nil, err
	}
	defer pass.Close()
	return part(pass.Activations(), 0, 1, r.Len())
}

// noteLayerGradient remembers how large a gradient of layer i is, at the places
// that its map has.
func (r *Run) noteLayerGradient(i int, gradient engine.Array) {
	if v, err := r.batch.layouts[i].View(gradient); err == nil {
		r.noteGradient(r.Layers()[i], engine.Array{Shape: []int{v.N, v.C * v.Positions()}, Data: v.Data})
	}
}

// layerAttribution is the raw map of layer i: values of its shape, summed over the
// channels. A layer [N, C] has no places that a sum would leave: each of its units
// keeps its own value.
func (r *Run) layerAttribution(i int, values engine.Array) (Attribution, error) {
	layer := r.Layers()[i]
	v, err := r.batch.layouts[i].View(values)
	if err != nil {
		return Attribution{}, markf(ErrLayer, "layer %s: %v", layer, err)
	}
	if len(values.Shape) == 2 {
		if len(r.Layers()) > 1 {
			return Attribution{}, markf(ErrLayer, "layer %s has units and no places, which no other layer's map can lie over: explain it alone", layer)
		}
		return Attribution{Layer: layer, Values: values, Finish: Magnitude}, nil
	}
	return Attribution{Layer: layer, Values: channelSum(v, v.plain)}, nil
}
