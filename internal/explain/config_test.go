package explain

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// What is wrong with the question is found before the model is touched.
func TestMisuse(t *testing.T) {
	t.Chdir(t.TempDir())
	for says, c := range map[string]Config{
		`no stage "raw"`:                               {Save: []Stage{"raw"}},
		"a batch of -1":                                {Batch: -1},
		"a list of -1":                                 {Top: -1},
		"a layer without a name":                       {Layers: []string{""}},
		"layer a is named twice":                       {Layers: []string{"a", "a"}},
		`unknown method "gradcan"`:                     {Method: "gradcan"},
		`output kind "odds"`:                           {OutputKind: "odds"},
		"the model has no labels":                      {Target: "cat"},
		"method gradcam is named twice":                {Method: "gradcam,hirescam,gradcam"},
		`option "masks"; give it as name=value`:        {Method: "rise", Options: []string{"masks"}},
		`method rise has no option "mask" (did you`:    {Method: "rise", Options: []string{"mask=5"}},
		`method gradcam has no options, so no "masks"`: {Options: []string{"masks=5"}},
		`option masks of rise: "few": give an integer`: {Method: "gradcam,rise", Options: []string{"masks=few"}},
		`unknown peer "torchcam"`:                      {Compat: "torchcam"},
		`unknown fusion "sum"`:                         {Fusion: "sum"},
		"a memory of -1 bytes":                         {Memory: -1},
		"there is no input 1; with 0 further":          {Input: 1},
		`layout "NCHW": give auto`:                     {Layouts: []string{"NCHW"}},
		"2 layouts for 1 layer(s)":                     {Layouts: []string{"auto", "auto"}},
		"Std [0 0 0]":                                  {Photo: Overrides{Std: []float64{0}}},
	} {
		_, err := New(c, func() (engine.Model, error) { panic("not asked for") })
		require.ErrorContains(t, err, says)
		require.ErrorIs(t, err, ErrUsage, says)
	}
}

func TestTheCardIsWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	for says, text := range map[string]string{
		"m.yaml: method: unknown method": "input: {size: [4, 4]}\nmethod: gradcan\n",
		"m.yaml:1":                       "inputs: {size: [4, 4]}\n",
		"m.yaml":                         "",
		"the model card belongs to another file: ": "input: {size: [4, 4]}\nsha256: 0c0e0a5bd1b7f3e7e39aab1aa3a2dbe2e6b84ef7a8b5e9b1a1f0d2c3b4a59687\n",
	} {
		require.NoError(t, os.WriteFile("m.yaml", []byte(text), 0o666))
		require.NoError(t, os.WriteFile("m.pt", []byte("model"), 0o666))
		s, err := New(Config{Model: "m.pt"}, func() (engine.Model, error) { return nil, errRefused })
		if err == nil {
			_, err = s.Run(t.Context(), []string{"x.npy"}, newHeard())
		}
		require.ErrorContains(t, err, says)
		require.NotErrorIs(t, err, ErrUsage, says)
	}
}
