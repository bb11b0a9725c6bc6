package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// Of a tensor, a tuple, a dict and what is nested in them, the output that is chosen
// is scored, and the gradient starts there and nowhere else.
func TestTheChosenOutputIsScored(t *testing.T) {
	one := func(name string, values ...float32) engine.Output {
		return engine.Output{Name: name, Array: engine.Array{Shape: []int{1, len(values)}, Data: values}}
	}
	ids := engine.Output{Name: "0", Array: engine.Array{Shape: []int{1, 2}, Ints: []int64{5, 6}}}
	for _, c := range []struct {
		what    string
		outputs []engine.Output
		asked   string
		want    string
		score   float64
	}{
		{"a tensor", []engine.Output{one("", 1, 3)}, "", "", 3},
		{"a tuple: the first", []engine.Output{one("0", 1, 3), one("1", 9)}, "", "0", 3},
		{"a tuple: the first of floats", []engine.Output{ids, one("1", 9, 1)}, "", "1", 9},
		{"a tuple: the one asked for", []engine.Output{one("0", 1, 3), one("1", 9)}, "1", "1", 9},
		{"a dict: out", []engine.Output{one("aux", 8, 2), one("out", 1, 3)}, "", "out", 3},
		{"a dict: the one asked for", []engine.Output{one("aux", 8, 2), one("out", 1, 3)}, "aux", "aux", 8},
		{"a dict in a tuple", []engine.Output{one("0", 1), one("1.logits", 4, 2), one("1.hidden", 7)}, "1.logits", "1.logits", 4},
	} {
		t.Run(c.what, func(t *testing.T) {
			model := canned(nil, layersOfEveryReason)
			model.Out = c.outputs
			r := explain(t, model, image(1), gradcam.Top1(), gradcam.WithLayer("lit"), gradcam.WithOutput(c.asked))[0]
			assert.Equal(t, c.score, r.Target.Score)
			require.Len(t, model.Seen()[0], 1)
			assert.Equal(t, c.want, model.Seen()[0][0].Output)
			assert.Equal(t, float32(1), model.Seen()[0][0].Array.Data[r.Target.Index])
		})
	}
}

// Without a layer a detector cannot be scored to find one: it has to be named.
func TestTheLayerOfADetectorIsNamed(t *testing.T) {
	e, err := gradcam.New(detector())
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Explain(ctx, image(2), gradcam.Boxes(0, gradcam.Box{Right: 4, Bottom: 5, Label: 7}))
	assert.ErrorContains(t, err, "the model has several outputs: name one of")
	assert.ErrorContains(t, err, "or name the layer to explain")
}
