package page

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// Labels keep their distance and stay below the top.
func TestApart(t *testing.T) {
	for _, c := range []struct{ in, want []float64 }{
		{[]float64{1, 5}, []float64{1, 5}},
		{[]float64{1, 1.5, 1.6}, []float64{1, 2, 3}},
		{[]float64{8, 9.5, 9.9}, []float64{8, 9, 10}},
		{[]float64{9.9, 9.9, 9.9}, []float64{8, 9, 10}},
	} {
		apart(c.in, 1, 10)
		assert.InDeltaSlice(t, c.want, c.in, 1e-12)
	}
}

func TestTicks(t *testing.T) {
	var labels []string
	for _, tick := range (decades{}).Ticks(8, 600) {
		labels = append(labels, tick.Label)
	}
	assert.Equal(t, []string{"10", "20", "50", "100", "200", "500"}, labels)
}

// Figures of one part make a plot for each model and method; two points are no curve.
func TestPlots(t *testing.T) {
	var all []figure.Figure
	for i, model := range []string{"wide-256", "wide-64", "wide-128", "other", "other"} {
		f := figure.Figure{Part: "channels", Model: model, Method: "eigencam", Channels: []int{256, 64, 128, 1, 2}[i], Threads: 1}
		f.Set(figure.Own, []float64{float64(f.Channels)}, nil)
		all = append(all, f)
	}
	got, err := plots(all)
	assert.NoError(t, err)
	assert.Len(t, got, 1)
	p := got[0]
	assert.Equal(t, "channels-eigencam-wide", p.name)
	assert.Equal(t, []float64{64, 128, 256}, p.series[0].x)
	assert.InDelta(t, 1, p.series[0].fit.Exponent, 1e-12)

	all[0].Values[figure.Own] = figure.Quartiles{}
	_, err = plots(all)
	assert.EqualError(t, err, "channels, eigencam wide: a power law is fitted to positive numbers")
}
