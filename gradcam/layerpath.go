package gradcam

import (
	"context"

	"github.com/torchlight-go/torchlight/engine"
)

// LayerIntegratedGradients are [IntegratedGradients] of a layer: along the way from
// the activation that the baseline input gives to that of the input, through what
// comes after the layer (captum's LayerIntegratedGradients). Values that pass the
// layer by, in skip connections, stay those of the input. It explains inputs of
// integers by their embedding. Raw maps are sums over the channels; those of a layer
// [N, C], without places, have a value for each of its units.
type LayerIntegratedGradients struct {
	// Steps are the points on the way; 0 is 50.
	Steps int      `default:"50" about:"points of the path"`
	Rule  PathRule `default:"gauss-legendre" about:"where the points are, and their weights"`
	// Baseline is the input whose activation starts the way.
	Baseline Baseline `about:"input at whose activation the path starts"`
}

// Name is the method's name on the command line.
func (LayerIntegratedGradients) Name() string { return "layer-integrated-gradients" }

// Needs are two forward passes, and a pass through what comes after the layer and
// back for every step.
func (m LayerIntegratedGradients) Needs() Needs {
	return Needs{Layer: true, RerunGrad: true, Cost: Cost{Forward: 2, Tail: orDefault(m.Steps, pathSteps)}}
}

// Map returns one raw map a layer.
func (m LayerIntegratedGradients) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	base, err := m.Baseline.of(run.Input())
	if err != nil {
		return nil, err
	}
	from, err := run.activationsAt(ctx, base)
	if err != nil {
		return nil, err
	}
	maps := make([]Attribution, len(run.Layers()))
	for i := range maps {
		if maps[i], err = m.layer(ctx, run, i, from[i]); err != nil {
			return nil, err
		}
	}
	return maps, nil
}

// layer explains layer i.
func (m LayerIntegratedGradients) layer(ctx context.Context, run *Run, i int, from engine.Array) (Attribution, error) {
	tail, err := run.tail(ctx, i)
	if err != nil {
		return Attribution{}, err
	}
	defer tail.Close()
	pass, ok := tail.Pass.(engine.RerunGrad)
	if !ok {
		return Attribution{}, markf(ErrLayer, "layer %s: the engine offers no gradient of a re-run: use conductance", run.Layers()[i])
	}
	integral, err := newIntegral(m.Rule, m.Steps, from, tail.activation)
	if err != nil {
		return Attribution{}, err
	}
	v := integral.variants(func(g engine.Array) { run.noteLayerGradient(i, g) })
	v.forward, v.held = pass.RerunGrad, tail.held(run)
	if err := v.run(ctx, run); err != nil {
		return Attribution{}, err
	}
	return run.layerAttribution(i, integral.attribution())
}

// Conductance is how much of the score flows through each unit of a layer as the
// input moves from a baseline to what it is (Dhamdhere et al. 2018,
// arXiv:1805.12233): the layer's gradient at points of the way times what its
// activation changes until the next (captum's LayerConductance). Raw maps are sums
// over the channels, or [N, C] of a layer without places.
type Conductance struct {
	// Steps are the parts of the way; 0 is 50. There is one point more.
	Steps int `default:"50" about:"parts of the path"`
	// Rule places the points; its weights are not used. Under [GaussLegendre] the
	// two ends are not among them, so that a few steps miss some of the score.
	Rule PathRule `default:"gauss-legendre" about:"where the points are"`
	// Baseline is where the way starts.
	Baseline Baseline `about:"where the path starts"`
}

// Name is the method's name on the command line.
func (Conductance) Name() string { return "conductance" }

// Needs are a forward and a backward pass for every point.
func (m Conductance) Needs() Needs {
	points := orDefault(m.Steps, pathSteps) + 1
	return Needs{Layer: true, Input: true, Elsewhere: true, Cost: Cost{
		Forward: 1 + points, Backward: points, Note: "one of each for every point of the path",
	}}
}

// Map returns one raw map a layer.
func (m Conductance) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	x := run.Input()
	base, err := m.Baseline.of(x)
	if err != nil {
		return nil, err
	}
	alphas, _, err := m.Rule.points(orDefault(m.Steps, pathSteps) + 1)
	if err != nil {
		return nil, err
	}
	if _, err := run.Activations(); err != nil { // finds the layouts
		return nil, err
	}
	flow := newFlow(run)
	err = run.inputCopies(ctx, run.Layers(), variants{
		count: len(alphas),
		fill:  func(i int, dst []float32) { toward(dst, base.Data, x.Data, alphas[i]) },
		visit: flow.visit,
	})
	if err != nil {
		return nil, err
	}
	maps := make([]Attribution, len(run.Layers()))
	for i, sum := range flow.sums {
		total := engine.NewArray(flow.last.activations[i].Shape...)
		narrow(total.Data, sum)
		if maps[i], err = run.layerAttribution(i, total); err != nil {
			return nil, err
		}
	}
	return maps, nil
}

// flow adds up gradients times the change of the activation to the next point.
type flow struct {
	run  *Run
	last point
	sums [][]float64 // one a layer
}

func newFlow(run *Run) *flow { return &flow{run: run, sums: make([][]float64, len(run.Layers()))} }

func (f *flow) visit(i int, p point) error {
	for l, a := range p.activations {
		f.run.noteLayerGradient(l, p.gradients[l])
		if i == 0 {
			f.sums[l] = make([]float64, a.Len())
			continue
		}
		before, g := f.last.activations[l].Data, f.last.gradients[l].Data
		for k, v := range a.Data {
			f.sums[l][k] += float64(g[k]) * float64(v-before[k])
		}
	}
	f.last = p
	return nil
}
