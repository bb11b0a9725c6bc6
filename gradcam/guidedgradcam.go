package gradcam

import (
	"context"

	"github.com/torchlight-go/torchlight/engine"
)

// Interpolation says how a layer's map is brought to the size of the input.
type Interpolation int

const (
	// Nearest repeats values, as captum's LayerAttribution.interpolate does.
	Nearest Interpolation = iota
	// Linear interpolates along every axis between half-pixel centres.
	Linear
)

// GuidedGradCAM is [GuidedBackprop] times the positive part of the layer's
// [GradCAM], enlarged to the input (Selvaraju et al. 2017, arXiv:1610.02391,
// section 3.2). Raw maps have the input's shape, one a layer.
type GuidedGradCAM struct {
	// Interpolation enlarges the map; the default is captum's.
	Interpolation Interpolation `default:"nearest" about:"how the Grad-CAM is enlarged"`
}

// Name is the method's name on the command line.
func (GuidedGradCAM) Name() string { return "guided-gradcam" }

// Needs are a pass that captures the layer and one under the guided rule.
func (GuidedGradCAM) Needs() Needs {
	return Needs{Layer: true, Gradient: true, Input: true, Relu: engine.ReluGuided, Cost: Cost{Forward: 2, Backward: 2}}
}

// Map returns one raw map a layer, of the input's shape.
func (m GuidedGradCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	enlarge, err := m.Interpolation.resizer()
	if err != nil {
		return nil, err
	}
	cams, err := GradCAM.Map(ctx, run)
	if err != nil {
		return nil, err
	}
	guided, err := run.InputGradient(ctx, engine.ReluGuided)
	if err != nil {
		return nil, err
	}
	g := run.inputAttribution(guided).Values
	maps := make([]Attribution, len(cams))
	for i, cam := range cams {
		from, to := cam.Values.Shape[1:], g.Shape[2:]
		if len(g.Shape) < 3 || len(from) != len(to) {
			return nil, markf(ErrLayer, "layer %s has a map of %v, which does not spread over an input %v: use guided-backprop", cam.Layer, from, g.Shape)
		}
		out := engine.NewArray(g.Shape...)
		for n := range run.Len() {
			weight := cam.Values.Row(n).Data
			for p, v := range weight {
				weight[p] = max(v, 0)
			}
			weight = enlarge(weight, from, to)
			row := out.Row(n).Data
			for k, v := range g.Row(n).Data {
				row[k] = v * weight[k%len(weight)]
			}
		}
		maps[i] = Attribution{Layer: cam.Layer, Values: out, Finish: Magnitude}
	}
	return maps, nil
}

func (i Interpolation) resizer() (func(m []float32, from, to []int) []float32, error) {
	switch i {
	case Nearest:
		return func(m []float32, from, to []int) []float32 { return nearestResize(m, from, to, floored) }, nil
	case Linear:
		return resize, nil
	}
	return nil, markf(ErrOption, "unknown interpolation %d: give Nearest or Linear", i)
}
