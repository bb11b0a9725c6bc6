package gradcam

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// TrialCAM is a class activation mapping without gradient and without options:
// a weight a channel, found by trying the channel, or without looking. Of a layer
// [N, C, h, w] it makes raw maps [N, h, w], the weighted sum of the channels.
type TrialCAM string

const (
	// AblationCAM weights a channel by the share of the score that is lost without
	// it, w_k = (s - s_k)/s (Desai and Ramaswamy 2020,
	// doi:10.1109/WACV45572.2020.9093360). As in pytorch-grad-cam the channel is
	// overwritten with 0 where the smallest value of the sample's activation is
	// exactly 0, and with that value less 1e7 elsewhere. A score of 0 is an
	// [ErrTarget].
	AblationCAM TrialCAM = "ablationcam"
	// ScoreCAM multiplies the input by each channel, upsampled and stretched to
	// 0..1, and weights the channels by the softmax of the scores (Wang et al. 2020,
	// arXiv:1910.01279), in the order and with the epsilon of pytorch-grad-cam:
	// upsampled with aligned corners, then (U - min)/(max - min + 1e-8).
	ScoreCAM TrialCAM = "scorecam"
	// RandomCAM draws the weights from -1 to 1: the baseline that any other method
	// must beat (pytorch-grad-cam). Draw i has one uniform number a channel of layer
	// i.
	RandomCAM TrialCAM = "randomcam"
)

func trialEntries() []Entry {
	return []Entry{
		{AblationCAM, GradientFree, "channels weighted by what the score loses without them (Desai and Ramaswamy 2020)"},
		{ScoreCAM, GradientFree, "channels weighted by the score of the input seen through them (Wang et al. 2020)"},
		{RandomCAM, GradientFree, "channels weighted at random: the baseline to beat (pytorch-grad-cam)"},
	}
}

// Name is the method's name on the command line.
func (c TrialCAM) Name() string { return string(c) }

// Needs are re-runs of the tail, predictions or nothing.
func (c TrialCAM) Needs() Needs {
	switch c {
	case AblationCAM:
		return Needs{Layer: true, Rerun: true, Cost: Cost{Forward: 1, PerChannel: 1}}
	case ScoreCAM:
		return Needs{Layer: true, Predict: true, Masks: PlaneMasks, Cost: Cost{Forward: 1, ForwardPerChannel: 1}}
	default:
		return Needs{Layer: true, Random: true, Unsigned: true, Cost: Cost{Forward: 1}}
	}
}

// Map returns one raw map a layer.
func (c TrialCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	switch c {
	case AblationCAM:
		return weighChannels(ctx, run, 1, ablate)
	case ScoreCAM:
		return weighChannels(ctx, run, 1, scoreMasked)
	case RandomCAM:
		return weighChannels(ctx, run, 0, drawWeights)
	}
	return nil, fmt.Errorf("method %q is not a TrialCAM", string(c))
}

// channelTrial returns the weights of the channels of one layer, [N, C], whose
// activation is v.
type channelTrial func(ctx context.Context, t *trial, layer int, v View) ([][]float64, error)

// weighChannels makes the weighted sum of the channels of every layer. weigh tries
// each channel so many times.
func weighChannels(ctx context.Context, run *Run, times int, weigh channelTrial) ([]Attribution, error) {
	views, err := run.Activations()
	if err != nil {
		return nil, err
	}
	t := &trial{run: run}
	for _, v := range views {
		t.total += times * v.N * v.C
	}
	maps := make([]Attribution, len(views))
	for i, v := range views {
		weights, err := weigh(ctx, t, i, v)
		if err != nil {
			return nil, err
		}
		maps[i] = weightedMap(run, i, v, slices.Concat(weights...))
	}
	return maps, nil
}

// drawWeights is Random-CAM's.
func drawWeights(_ context.Context, t *trial, layer int, v View) ([][]float64, error) {
	weights, u := make([][]float64, v.N), make([]float32, v.C)
	for n := range weights {
		t.run.Source().Uniform(layer, n, u)
		for _, x := range u {
			weights[n] = append(weights[n], 2*float64(x)-1)
		}
	}
	return weights, nil
}

// ablate is Ablation-CAM's, through the tail.
func ablate(ctx context.Context, t *trial, layer int, v View) (weights [][]float64, err error) {
	for n, s := range t.run.Scores() {
		if s.Value == 0 {
			return nil, &SampleError{n, markf(ErrTarget, "the score is 0, and Ablation-CAM divides by it: explain another class, or prob:N")}
		}
	}
	tail, err := t.run.tail(ctx, layer)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tail.Close()) }()
	a, channels := tail.activation, v.C
	// The channel of tokens without a place goes with the others'.
	_, channel, place := tail.layout.strides(a.Shape)
	count := engine.Size(a.Shape[1:]) / channels
	values := make([]float32, t.run.Len())
	for n := range values {
		values[n] = ablated(a.Row(n).Data)
	}
	weights, err = t.score(ctx, copies{
		of: a, each: slices.Repeat([]int{channels}, t.run.Len()),
		write: func(n, k int, row []float32) {
			for i := range count {
				row[k*channel+i*place] = values[n]
			}
		},
		undo: func(n, k int, row []float32) {
			own := a.Row(n).Data
			for i := range count {
				row[k*channel+i*place] = own[k*channel+i*place]
			}
		},
	}, tail.through(t.run))
	if err != nil {
		return nil, err
	}
	for n, s := range t.run.Scores() {
		for k := range weights[n] {
			weights[n][k] = (s.Value - weights[n][k]) / s.Value
		}
	}
	return weights, nil
}

// ablated is what takes the place of a channel of this activation.
func ablated(activation []float32) float32 {
	low, _ := extremes(activation)
	if low == 0 {
		return 0
	}
	return low - 1e7
}
