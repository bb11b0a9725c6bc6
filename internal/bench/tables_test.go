package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What missed its goal is said at the end, and is an error under --strict.
func TestSum(t *testing.T) {
	row := func(model string, batch int, gradCAM, torchCAM, fast float64) passFigure {
		c := passCase{limit: 1.15, informative: map[string]float64{"pytorch_grad_cam": 5}}
		if batch == 1 {
			c.goals = map[string]float64{"torch_cam": 2.2, "pytorch_grad_cam": 5}
		}
		return passFigure{Case: model, Batch: batch, of: c, Ratios: map[string]float64{"pytorch_grad_cam": gradCAM, "torch_cam": torchCAM, "fast_forward": 1 / fast}}
	}
	for _, c := range []struct {
		rows   []passFigure
		says   string
		missed bool
	}{
		{[]passFigure{row("a", 1, 5.1, 2.3, 1.1)}, "\ngoals: 3 met, 0 missed\n", false},
		{[]passFigure{row("a", 1, 4.9, 2.1, 1.1), row("b", 1, 6, 3, 1.2)}, "\ngoals: 3 met, 3 missed\nmissed: a ", true},
		{[]passFigure{row("b", 8, 4.81, 1, 1.1)}, "\ngoals: 1 met, 0 missed\n", false},
	} {
		var out bytes.Buffer
		told := &tables{Writer: &out}
		printPasses(told, c.rows)
		require.NoError(t, told.sum(false))
		assert.Contains(t, out.String(), c.says)
		err := told.sum(true)
		if c.missed {
			require.ErrorIs(t, err, errMissed)
		} else {
			require.NoError(t, err)
		}
	}
}

func TestGoalsForInformation(t *testing.T) {
	c := passCase{informative: map[string]float64{"pytorch_grad_cam": 3.8}}
	assert.Equal(t, "4.81x/3.8", c.beside("pytorch_grad_cam", 4.81))
	assert.Equal(t, "4.81x ", c.beside("torch_cam", 4.81))
	c.goals = map[string]float64{"pytorch_grad_cam": 3.8}
	assert.Equal(t, "4.81x+", c.beside("pytorch_grad_cam", 4.81))
}
