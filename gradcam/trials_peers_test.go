package gradcam_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam"
)

// Raw maps equal those of pytorch-grad-cam, torch-cam and captum in
// testdata/trials.json, which scripts/golden/trials.py writes, in one chunk and
// in chunks of one copy.
func TestTrialsEqualTheirPeers(t *testing.T) {
	data, err := os.ReadFile("testdata/trials.json")
	require.NoError(t, err)
	var cases []attributionCase
	require.NoError(t, json.Unmarshal(data, &cases))
	seen := map[string]float64{}
	for _, c := range cases {
		for _, memory := range []int64{1, gradcam.DefaultMemory} {
			t.Run(fmt.Sprintf("%s %s %s@%d %s, %d bytes", c.Method, c.Net, c.Layer, c.Input, c.Options, memory), func(t *testing.T) {
				model, inputs := c.net(t)
				options := []gradcam.Option{
					gradcam.WithMethod(c.method(t)), gradcam.WithInput(c.Input),
					gradcam.WithMemory(memory), gradcam.WithSource(replay{t, c.Normal, c.Uniform}),
				}
				if c.Layer != "" {
					options = append(options, gradcam.WithLayer(c.Layer))
				}
				e, err := gradcam.New(model, options...)
				require.NoError(t, err)
				defer e.Close()
				all, err := e.ExplainAll(ctx, inputs, gradcam.Class(c.Target))
				require.NoError(t, err)
				for n, r := range all[0] {
					d := difference(c.Values[n], r.Raw[0].Values.Data)
					assert.Less(t, d, 1e-5, "sample %d: %v %v", n, c.Values[n], r.Raw[0].Values.Data)
					seen[c.Method] = max(seen[c.Method], d)
				}
			})
		}
	}
	for method, d := range seen {
		t.Logf("%-28s %.1e of the map's largest magnitude", method, d)
	}
	assert.Len(t, seen, 9)
}
