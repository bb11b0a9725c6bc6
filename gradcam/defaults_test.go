package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// An option with the value that is said to be its default changes nothing.
func TestDefaults(t *testing.T) {
	toys := map[string]string{ // defaults that depend on the model, for the toy's
		"one over the channels":                     "0.5",
		"a fifteenth of each side":                  "1,1,1",
		"half the default window, 1 of a given one": "1,1,1",
	}
	for _, m := range gradcam.Methods() {
		var plain []engine.Array
		for _, s := range gradcam.Settings(m) {
			if plain == nil {
				plain = rawOf(t, m)
			}
			value := s.Default
			if toy, ok := toys[value]; ok {
				value = toy
			}
			same, err := gradcam.Configure(m, s.Name, value)
			require.NoError(t, err, m.Name())
			assert.Equal(t, plain, rawOf(t, same), "%s of %s is not %s by default", s.Name, m.Name(), value)
		}
	}
}

// rawOf are the raw maps of two samples of the toy. Some of its units are so near to
// 0 that a little noise switches them, and the four outputs differ by little, so
// that no probability is 1.
func rawOf(t *testing.T, m gradcam.Method) []engine.Array {
	t.Helper()
	e, err := gradcam.New(enginetest.NewToyHead(enginetest.Head{
		{0.02, 0.01, 0.03, 0.01, 0.02, -0.02, 0.01, 0.03},
		{0.01, 0.02, 0.02, 0.01, -0.03, 0.02, 0.03, 0.01},
		{0.03, -0.01, 0.01, 0.02, 0.01, 0.03, 0.02, 0.01},
		{0.01, 0.03, 0.01, 0.01, 0.02, 0.01, -0.02, 0.02},
	}), gradcam.WithMethod(m), gradcam.WithLayer("conv1"))
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	results, err := e.Explain(t.Context(), enginetest.ToyInput(0.5, 2.3), gradcam.Class(0))
	require.NoError(t, err, m.Name())
	var raw []engine.Array
	for _, r := range results {
		for _, layer := range r.Raw {
			raw = append(raw, layer.Values)
		}
	}
	return raw
}
