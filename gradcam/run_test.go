package gradcam_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// A method that scores copies hears which sample is wrong, not which row: of
// outputs that are no numbers, of scores that are none, of targets that do not fit.
func TestScoreNamesTheSample(t *testing.T) {
	refuses := errors.New("no negative output")
	picky := gradcam.Func("picky", func(y engine.Array) (float64, []float32, error) {
		if y.Data[0] < 0 {
			return 0, nil, refuses
		}
		if y.Data[0] > 1e6 {
			return math.Inf(1), nil, nil
		}
		return 1, nil, nil
	})
	for _, c := range []struct {
		name        string
		value       float32
		rows        []int
		row, sample int
		want        error
	}{
		{"output", float32(math.NaN()), []int{1, 0, 0, 1}, 2, 0, gradcam.ErrNotFinite},
		{"score", 1e7, []int{1, 0, 0, 1}, 3, 1, gradcam.ErrNotFinite},
		{"target", -1, []int{1, 1, 0}, 2, 0, gradcam.ErrTarget},
		{"a row a sample", -1, nil, 1, 1, gradcam.ErrTarget},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := own{gradcam.Needs{Predict: true}, func(_ context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
				y := engine.NewArray(max(len(c.rows), run.Len()), 3)
				y.Row(c.row).Data[0] = c.value
				_, _, err := run.Score([]engine.Output{{Array: y}}, c.rows)
				return nil, err
			}}
			e, err := gradcam.New(abs{smooth([]int{2, 3, 4})}, gradcam.WithMethod(m))
			require.NoError(t, err)
			_, err = e.Explain(ctx, wave(2, 2, 3, 4), picky)
			var bad *gradcam.SampleError
			require.ErrorAs(t, err, &bad)
			assert.Equal(t, c.sample, bad.Sample)
			assert.ErrorIs(t, err, c.want)
		})
	}
}

// abs is a network of which all outputs are magnitudes.
type abs struct{ engine.Model }

func (m abs) Predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	outputs, err := m.Model.Predict(ctx, inputs)
	for _, o := range outputs {
		for i, v := range o.Array.Data {
			o.Array.Data[i] = max(v, -v)
		}
	}
	return outputs, err
}
