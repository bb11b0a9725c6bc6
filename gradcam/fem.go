package gradcam

import (
	"context"
	"math"
)

// FEM is the feature explanation method (Fuad et al. 2020, IPTA,
// hal.science/hal-02963298): each channel is weighted by the share of positions
// at which it exceeds its own mean by more than K standard deviations. It looks at
// no class, and eigen smoothing does not change it.
type FEM struct {
	// K is the threshold in standard deviations, those of the population: above 0;
	// 0 is the paper's 2.
	K float64 `default:"2" about:"threshold, in standard deviations above the mean"`
}

// Name is "fem".
func (FEM) Name() string { return "fem" }

// Needs are one forward pass.
func (FEM) Needs() Needs { return Needs{Layer: true, Unsigned: true, Cost: Cost{Forward: 1}} }

// Map returns one raw map a layer.
func (m FEM) Map(_ context.Context, run *Run) ([]Attribution, error) {
	if !(m.K >= 0) {
		return nil, markf(ErrOption, "k is %g: give a number above 0, or 0 for 2", m.K)
	}
	activations, err := run.Activations()
	if err != nil {
		return nil, err
	}
	k := orDefault(m.K, 2)
	return eachLayer(run, activations, func(_ int, a View) Attribution {
		return Attribution{Values: channelSum(a, func(dst []float32, n, c int) {
			scaleChannel(dst, a.Channel(n, c), outstanding(a.Channel(n, c), k))
		})}
	}), nil
}

// outstanding is the share of values above mean + k standard deviations.
func outstanding(a []float32, k float64) float64 {
	n := float64(len(a))
	mean, variance := total(a)/n, 0.0
	for _, v := range a {
		d := float64(v) - mean
		variance += d * d / n
	}
	above := 0
	for _, v := range a {
		if float64(v) > mean+k*math.Sqrt(variance) {
			above++
		}
	}
	return float64(above) / n
}
