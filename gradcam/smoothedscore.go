package gradcam

import (
	"context"
	"slices"

	"github.com/torchlight-go/torchlight/gradcam/resample"
)

// SSCAM smooths Score-CAM's masks with noise and averages the scores (Wang et al.
// 2020, arXiv:2006.14255), as torch-cam computes it: channels are stretched to
// 0..1 at the layer's size, then upsampled with half-pixel centres, then noise is
// added; weights are the softmax of the mean scores. Draw i*C + k is the noise,
// [H*W], of sample i's mask of channel k.
type SSCAM struct {
	// Samples is the number of noisy masks a channel; 0 is 35.
	Samples int `default:"35" about:"noisy masks a channel"`
	// Sigma is the standard deviation of the noise; 0 is 2.
	Sigma float64 `default:"2" about:"standard deviation of the noise on a mask of 0..1"`
}

// Name is "sscam".
func (SSCAM) Name() string { return "sscam" }

// Needs are predictions.
func (m SSCAM) Needs() Needs {
	return Needs{Layer: true, Predict: true, Masks: PlaneMasks, Random: true, Cost: Cost{Forward: 1, ForwardPerChannel: orDefault(m.Samples, 35)}}
}

// Map returns one raw map a layer.
func (m SSCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	if m.Samples < 0 || !(m.Sigma >= 0) {
		return nil, markf(ErrOption, "%+v: give numbers above 0", m)
	}
	samples, sigma := orDefault(m.Samples, 35), float32(orDefault(m.Sigma, 2))
	return weighChannels(ctx, run, samples, func(ctx context.Context, t *trial, _ int, v View) ([][]float64, error) {
		var noise []float32
		return averageMasked(ctx, t, v, samples, func(n, draw int, mask []float32) {
			if noise == nil {
				noise = make([]float32, len(mask))
			}
			run.Source().Normal(draw, n, noise)
			for i, z := range noise {
				mask[i] += sigma * z
			}
		})
	})
}

// ISCAM averages the scores along a path of ever stronger masks (Naidu et al.
// 2020, arXiv:2010.03023), as torch-cam computes it: its i-th factor is the
// running sum of (j+1)/Samples, which exceeds 1. Masks and weights are SS-CAM's
// without noise.
type ISCAM struct {
	// Samples is the number of masks a channel; 0 is 10.
	Samples int `default:"10" about:"masks a channel, of growing strength"`
}

// Name is "iscam".
func (ISCAM) Name() string { return "iscam" }

// Needs are predictions.
func (m ISCAM) Needs() Needs {
	return Needs{Layer: true, Predict: true, Masks: PlaneMasks, Cost: Cost{Forward: 1, ForwardPerChannel: orDefault(m.Samples, 10)}}
}

// Map returns one raw map a layer.
func (m ISCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	if m.Samples < 0 {
		return nil, markf(ErrOption, "%+v: give a number above 0", m)
	}
	samples := orDefault(m.Samples, 10)
	factors, sum := make([]float32, samples), 0.0
	for i := range factors {
		sum += float64(i+1) / float64(samples)
		factors[i] = float32(sum)
	}
	return weighChannels(ctx, run, samples, func(ctx context.Context, t *trial, _ int, v View) ([][]float64, error) {
		return averageMasked(ctx, t, v, samples, func(_, draw int, mask []float32) {
			factor := factors[draw/v.C]
			for i := range mask {
				mask[i] *= factor
			}
		})
	})
}

func smoothedScoreEntries() []Entry {
	return []Entry{
		{SSCAM{}, GradientFree, "Score-CAM averaged over noisy masks (Wang et al. 2020)"},
		{ISCAM{}, GradientFree, "Score-CAM averaged over ever stronger masks (Naidu et al. 2020)"},
	}
}

// averageMasked are SS-CAM's and IS-CAM's weights: the softmax over channels of
// the mean score of so many masks, each changed by change. Draw i*C + k is
// sample i of channel k.
func averageMasked(ctx context.Context, t *trial, v View, samples int, change func(n, draw int, mask []float32)) ([][]float64, error) {
	x := t.run.Input()
	up, err := t.run.upsampler(v, resample.NewBilinear)
	if err != nil {
		return nil, err
	}
	small, mask := make([]float32, v.Positions()), make([]float32, up.Len())
	scores, err := t.score(ctx, copies{of: x, each: slices.Repeat([]int{samples * v.C}, v.N), write: func(n, draw int, row []float32) {
		copy(small, v.Channel(n, draw%v.C))
		torchCAMStretch(small)
		up.Resize(mask, small)
		change(n, draw, mask)
		multiply(row, x.Row(n).Data, mask)
	}}, t.run.predict())
	if err != nil {
		return nil, err
	}
	weights := make([][]float64, v.N)
	for n := range weights {
		weights[n] = make([]float64, v.C)
		for draw, s := range scores[n] {
			weights[n][draw%v.C] += s / float64(samples)
		}
		softmax(weights[n])
	}
	return weights, nil
}
