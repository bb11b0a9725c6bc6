package gradcam

import (
	"context"
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
)

// FullGrad adds up what the input and every bias of the network contribute to the
// score: the input times its gradient, and each bias times the gradient where it is
// added (Srinivas and Fleuret 2019, arXiv:1905.00780), as pytorch-grad-cam has it.
// Biases are those of convolutions and of batch norms, beta - mean
// gamma/sqrt(var+eps): of Conv2d and BatchNorm2d as in pytorch-grad-cam, which
// knows no others, and more: of convolutions of one and three axes and transposed
// ones, which the paper's sum has, too. The magnitudes of every channel, of the input and of each
// such layer, are stretched to 0..1, brought to the input's size and added, all
// with the same weight. Its map is one, [H, W] of the input; layers are ignored, and
// eigen smoothing does not change it.
type FullGrad struct{}

// Name is the method's name on the command line.
func (FullGrad) Name() string { return "fullgrad" }

// Needs are a pass that captures the input and every layer with a bias.
func (FullGrad) Needs() Needs {
	return Needs{Input: true, Biases: true, Cost: Cost{Forward: 2, Backward: 1, Note: "all layers with a bias are kept in memory"}}
}

// Map returns one raw map of the input's extents, never negative. A network
// without biases is an [ErrLayer].
func (FullGrad) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	biases, err := run.biases(ctx)
	if err != nil {
		return nil, err
	}
	layers := []string{run.InputLayer()}
	for _, b := range biases {
		layers = append(layers, b.Layer)
	}
	gradients, err := run.gradientsAt(ctx, layers)
	if err != nil {
		return nil, err
	}
	own := run.inputAttribution(product(gradients[0], run.Input()))
	space := places(own.Values.Shape[1:])
	out := engine.NewArray(append([]int{run.Len()}, space...)...)
	for n := range run.Len() {
		sum := make([]float64, engine.Size(space))
		spreadChannels(sum, own.Values.Row(n).Data, space, space)
		for i, b := range biases {
			g := gradients[i+1]
			if len(g.Shape) < 2 || len(b.Values) != g.Shape[1] {
				return nil, markf(ErrLayer, "layer %s has %d biases and a gradient of shape %v: channels must be first", b.Layer, len(b.Values), g.Shape)
			}
			spreadChannels(sum, biasShare(b.Values, g.Row(n).Data), g.Shape[2:], space)
		}
		narrow(out.Row(n).Data, sum)
	}
	return []Attribution{{Layer: run.InputLayer(), Values: out}}, nil
}

// biases are the network's, or an error that says what would work.
func (r *Run) biases(ctx context.Context) ([]engine.Bias, error) {
	plan, err := r.Plan(ctx, engine.Spec{Layers: []string{r.InputLayer()}})
	if err != nil {
		return nil, err
	}
	listed, ok := plan.(engine.Biases)
	if !ok {
		return nil, r.Unfit("the engine lists no biases here")
	}
	biases, err := listed.Biases(ctx)
	if err != nil {
		return nil, fmt.Errorf("biases: %w", err)
	}
	if len(biases) == 0 {
		return nil, r.Unfit("the network has no convolution or batch norm with a bias to add up")
	}
	return biases, nil
}

// gradientsAt are the gradients of the scores by some layers, through a pass of
// their own.
func (r *Run) gradientsAt(ctx context.Context, layers []string) ([]engine.Array, error) {
	plan, err := r.Plan(ctx, engine.Spec{Layers: layers})
	if err != nil {
		return nil, err
	}
	pass, err := plan.Forward(ctx, r.Inputs())
	if err != nil {
		return nil, err
	}
	defer pass.Close()
	gradients, err := r.back(ctx, pass, nil)
	if err != nil {
		return nil, err
	}
	if gradients, err = part(gradients, 0, 1, r.Len()); err != nil {
		return nil, err
	}
	for _, g := range gradients {
		r.noteGradient(r.InputLayer(), g)
	}
	return gradients, nil
}

// biasShare is b G of one sample, each channel's bias at all its positions.
func biasShare(b []float32, g []float32) []float32 {
	out, positions := make([]float32, len(g)), len(g)/len(b)
	for i, v := range g {
		out[i] = b[i/positions] * v
	}
	return out
}

// spreadChannels adds the magnitudes of channels of some extents, each stretched to
// 0..1, to a sum of other extents. Enlarging is linear: it is done once, for the sum
// of the channels.
func spreadChannels(sum []float64, channels []float32, from, to []int) {
	size := engine.Size(from)
	small := make([]float64, size)
	stretched := make([]float32, size)
	for c := 0; c < len(channels); c += size {
		for p, v := range channels[c : c+size] {
			stretched[p] = float32(math.Abs(float64(v)))
		}
		minMax(stretched)
		for p, v := range stretched {
			small[p] += float64(v)
		}
	}
	narrow(stretched, small)
	for p, v := range resize(stretched, from, to) {
		sum[p] += float64(v)
	}
}
