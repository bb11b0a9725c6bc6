package page

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// measured is a figure with exact ratios.
func measured(name string, ratios map[string]float64) figure.Figure {
	f := figure.Figure{Case: name, Ratios: map[string]figure.Quartiles{}}
	for k, v := range ratios {
		f.Ratios[k] = figure.Quartiles{Q1: v, Median: v, Q3: v}
	}
	return f
}

func TestGoals(t *testing.T) {
	const resnet = "gradcam resnet50 layer4 batch 1"
	for _, c := range []struct {
		name   string
		of     figure.Figure
		met    int
		missed []string
	}{
		{"all met", measured(resnet, map[string]float64{"fast_forward_ms": 1 / 1.09, "torch_cam_ms": 1.6, "pytorch_grad_cam_ms": 4.5}), 3, nil},
		{"too dear, too slow", measured(resnet, map[string]float64{"fast_forward_ms": 1 / 1.2, "torch_cam_ms": 1.2, "pytorch_grad_cam_ms": 5}), 1,
			[]string{"Grad-CAM / fastest forward, ResNet-50: 1.20, goal at most 1.1", "torch-cam / Grad-CAM, ResNet-50: 1.20, goal at least 1.5"}},
		{"memory", measured("explain resnet50, against inference in Python", map[string]float64{"python_mb": 1 / 0.66}), 0,
			[]string{"peak memory / torch-only inference in Python, ResNet-50: 0.66, goal at most 0.6"}},
		{"no goal", measured("gradcam toy conv batch 1", map[string]float64{"torch_cam_ms": 0.1}), 0, nil},
	} {
		j := Goals([]figure.Figure{c.of})
		assert.Equal(t, Judged{c.met, c.missed}, j, c.name)
		var out bytes.Buffer
		require.NoError(t, j.Sum(&out, false), c.name)
		for _, line := range c.missed {
			assert.Contains(t, out.String(), "missed: "+line)
		}
		if err := j.Sum(&out, true); c.missed == nil {
			require.NoError(t, err, c.name)
		} else {
			require.ErrorIs(t, err, ErrMissed, c.name)
		}
	}
}

func TestVerdicts(t *testing.T) {
	atLeast, atMost := goal{atLeast: 2}, goal{atMost: 1.1}
	assert.Equal(t, "met", atLeast.verdict(2))
	assert.Equal(t, "**missed by 25 %**", atLeast.verdict(1.5))
	assert.Equal(t, "met", atMost.verdict(1.1))
	assert.Equal(t, "**missed by 20 %**", atMost.verdict(1.32))
	assert.Equal(t, "**missed by 1 %**", atMost.verdict(1.1001), "never by nothing")
}
