//go:build parity

package parity

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/internal/oracletest"
	"github.com/torchlight-go/torchlight/torch"
)

// From the image file to class probabilities, both ways of preprocessing,
// against torchvision and eager PyTorch.
func TestPhotos(t *testing.T) {
	var images []struct {
		File, Pil, Tensor, Probabilities string
		Sample                           bool
		Top                              []struct {
			Index int
			Label string
		}
	}
	readJSON(t, "images.json", &images)
	require.NotEmpty(t, images)
	path := filepath.Join(root, "examples/models/mobilenet_v2.pt")
	c, found, err := card.Find(path)
	require.NoError(t, err)
	require.True(t, found)
	m, err := torch.Load(path)
	require.NoError(t, err)
	defer m.Close()

	fmt.Printf("%-34s %14s %14s %14s  %s\n", "photo", "pil input", "tensor input", "probability", "top class (Python)")
	for _, im := range images {
		file := filepath.Join(reference, im.File)
		if im.Sample {
			file = filepath.Join(root, im.File)
		}
		photo, err := preprocess.DecodeFile(file, preprocess.Options{})
		require.NoError(t, err, im.File)
		pipeline := c.Pipeline()
		in, err := pipeline.Apply(photo)
		require.NoError(t, err)
		pil, _ := oracletest.Difference(t, batched(readArray(t, im.Pil)), in.Array(), im.File)

		out, err := m.Predict(context.Background(), []engine.Array{in.Array()})
		require.NoError(t, err)
		want := readArray(t, im.Probabilities)
		worst := 0.0
		for i, p := range softmax(out[0].Array.Data) {
			worst = max(worst, math.Abs(p-float64(want.Data[i])))
		}

		pipeline.Kind = preprocess.Tensor
		in, err = pipeline.Apply(photo)
		require.NoError(t, err)
		tensor, _ := oracletest.Difference(t, batched(readArray(t, im.Tensor)), in.Array(), im.File)
		fmt.Printf("%-34s %14.2g %14.2g %14.2g  %s\n", im.File, pil, tensor, worst, im.Top[0].Label)
		if strings.HasSuffix(im.File, ".png") {
			assert.LessOrEqual(t, worst, 1e-4, im.File)
		}
		assert.Equal(t, im.Top[0].Index, argmax(out[0].Array.Data), im.File)
	}
}

func batched(a engine.Array) engine.Array {
	return engine.Array{Shape: append([]int{1}, a.Shape...), Data: a.Data}
}
