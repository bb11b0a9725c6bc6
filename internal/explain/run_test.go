package explain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// Grad-CAM of conv1 for class 0, captum's published values for x and x+1.
func TestRunExactValues(t *testing.T) {
	inFolderOf(t)
	toy := enginetest.NewToy()
	h, sum, err := explainToy(t, toy, Config{Layers: []string{"conv1"}, Target: "0"}, "a.npy", "b.npy", "three.npy")
	require.NoError(t, err)
	assert.Equal(t, Summary{Explained: 3}, sum)
	first, second := []float32{11.25, 13.5, 20.25, 22.5}, []float32{14.5, 19, 32.5, 37}
	assert.Equal(t, first, readArray(t, "out/a.raw.npy").Data)
	assert.Equal(t, second, readArray(t, "out/b.raw.npy").Data)
	three := readArray(t, "out/three.raw.npy")
	assert.Equal(t, []int{3, 2, 2}, three.Shape)
	assert.Equal(t, slices.Concat(first, second), three.Data[:8])
	for i, r := range h.records["three.npy"] {
		assert.Equal(t, i, r.Sample)
		assert.Equal(t, 3, r.Samples)
	}
	counts := toy.Counts()
	assert.Zero(t, counts.OpenPlans+counts.OpenPasses)
	assert.Equal(t, 3, counts.Forwards, "an array is one batch, arrays are not mixed unless asked for")
}

func TestBatches(t *testing.T) {
	for name, c := range map[string]struct {
		batch   int
		inputs  []string
		batches []int
	}{
		"as it comes": {0, []string{"a.npy", "three.npy"}, []int{1, 3}},
		"one by one":  {1, []string{"a.npy", "three.npy"}, []int{1, 1, 1, 1}},
		"in twos":     {2, []string{"a.npy", "three.npy", "b.npy"}, []int{2, 2, 1}},
		"all":         {9, []string{"a.npy", "three.npy", "b.npy"}, []int{5}},
	} {
		t.Run(name, func(t *testing.T) {
			inFolderOf(t)
			model := &picky{Toy: enginetest.NewToy()}
			h, sum, err := explainToy(t, model, Config{Layers: []string{"conv1"}, Target: "0", Batch: c.batch}, c.inputs...)
			require.NoError(t, err)
			assert.Equal(t, len(c.inputs), sum.Explained)
			assert.Equal(t, c.batches, model.batches)
			assert.Equal(t, c.inputs, h.order)
			assert.Equal(t, []float32{11.25, 13.5, 20.25, 22.5}, readArray(t, "out/three.raw.npy").Data[:4])
		})
	}
}

// An input that is to blame is left out of its batch, whichever way the batch says so.
func TestFailures(t *testing.T) {
	inFolderOf(t)
	writeArray(t, "large.npy", engine.NewArray(1, 1, 5, 5))
	require.NoError(t, os.WriteFile("empty.npy", nil, 0o666))
	h, sum, err := explainToy(t, enginetest.NewToy(), Config{Layers: []string{"conv1"}, Target: "0", Batch: 8},
		"missing.npy", "a.npy", "bad.npy", "b.npy", "empty.npy", "large.npy", "three.npy")
	require.NoError(t, err)
	assert.Equal(t, Summary{Explained: 3, Failed: 4}, sum)
	assert.Equal(t, []string{"missing.npy", "a.npy", "bad.npy", "b.npy", "empty.npy", "large.npy", "three.npy"}, h.order)
	assert.Contains(t, h.failed["missing.npy"], "check the path")
	assert.Contains(t, h.failed["bad.npy"], "sample 1: input 0 holds NaN at [0 0 1]; look at the input")
	assert.NotEmpty(t, h.failed["empty.npy"])
	assert.NotEmpty(t, h.failed["large.npy"])
	assert.Equal(t, []float32{14.5, 19, 32.5, 37}, readArray(t, "out/b.raw.npy").Data)
	written, err := filepath.Glob("out/*")
	require.NoError(t, err)
	assert.Len(t, written, 9)
}

func TestAModelThatTakesOneSample(t *testing.T) {
	inFolderOf(t)
	var log bytes.Buffer
	model := &picky{Toy: enginetest.NewToy(), most: 1}
	_, sum, err := explainToy(t, model, Config{Layers: []string{"conv1"}, Target: "0", Batch: 2, Log: slog.New(slog.NewTextHandler(&log, nil))}, "three.npy", "a.npy", "b.npy")
	require.NoError(t, err)
	assert.Equal(t, 3, sum.Explained)
	assert.Equal(t, []int{2, 1, 1, 1, 1, 1}, model.batches, "it is offered one batch, then none")
	assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("one sample at a time")))
}

func TestAModelThatTakesNothing(t *testing.T) {
	inFolderOf(t)
	model := &picky{Toy: enginetest.NewToy(), refuse: func(engine.Array) error { return errRefused }}
	h, sum, err := explainToy(t, model, Config{Layers: []string{"conv1"}, Target: "0"}, "a.npy", "three.npy")
	require.NoError(t, err)
	assert.Equal(t, Summary{Failed: 2}, sum)
	assert.NotContains(t, h.failed["three.npy"], "sample", "what is said of the batch counts")
}

// What no input can change ends the run.
func TestHopeless(t *testing.T) {
	inFolderOf(t)
	unknown := errors.New("unknown layer")
	model := &picky{Toy: enginetest.NewToy(), refuse: func(engine.Array) error { return unknown }}
	config := Config{Layers: []string{"conv1"}, Target: "0", Hopeless: func(err error) bool { return errors.Is(err, unknown) }}
	h, sum, err := explainToy(t, model, config, "missing.npy", "a.npy", "b.npy")
	require.ErrorIs(t, err, unknown)
	assert.Equal(t, Summary{Failed: 1}, sum)
	assert.Equal(t, []string{"missing.npy"}, h.order)
	assert.Equal(t, []int{1}, model.batches)

	_, _, err = explainToy(t, enginetest.NewToy(), Config{Layers: []string{"conv1"}, Output: "logits"}, "a.npy", "b.npy")
	require.ErrorContains(t, err, `no output "logits"`)
}

func TestAModelThatDoesNotLoad(t *testing.T) {
	inFolderOf(t)
	writePhoto(t, "photo.png")
	s, err := New(Config{Model: "toy.pt"}, func() (engine.Model, error) { return nil, errRefused })
	require.NoError(t, err)
	h := newHeard()
	sum, err := s.Run(t.Context(), []string{"a.npy", "photo.png"}, h)
	require.ErrorIs(t, err, errRefused)
	assert.Zero(t, sum)
	assert.Empty(t, h.order)
}

// What was explained when the run was cancelled is written.
func TestCancel(t *testing.T) {
	inFolderOf(t)
	ctx, cancel := context.WithCancel(t.Context())
	model := &picky{Toy: enginetest.NewToy()}
	model.refuse = func(engine.Array) error {
		if len(model.batches) == 2 {
			cancel()
		}
		return nil
	}
	s, err := New(Config{Model: "toy.pt", Layers: []string{"conv1"}, Target: "0", Out: "out"}, func() (engine.Model, error) { return model, nil })
	require.NoError(t, err)
	h := newHeard()
	sum, err := s.Run(ctx, []string{"a.npy", "b.npy", "three.npy"}, h)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, Summary{Explained: 1}, sum)
	assert.FileExists(t, "out/a.json")
	assert.NoFileExists(t, "out/three.json")
	assert.Zero(t, model.Counts().OpenPasses+model.Counts().OpenPlans)

	done, stop := context.WithCancel(t.Context())
	stop()
	s, err = New(Config{Model: "toy.pt", Out: "out"}, func() (engine.Model, error) { <-t.Context().Done(); return nil, errRefused })
	require.NoError(t, err)
	_, err = s.Run(done, []string{"a.npy"}, h)
	require.ErrorIs(t, err, context.Canceled, "a model that is still loading is not waited for")
}

// A file that cannot be written ends the run: the next would meet the same folder.
func TestUnwritable(t *testing.T) {
	inFolderOf(t)
	require.NoError(t, os.MkdirAll("out/b.map.npy", 0o777)) // a folder in the file's place
	h, sum, err := explainToy(t, enginetest.NewToy(), Config{Layers: []string{"conv1"}, Target: "0"}, "a.npy", "b.npy", "three.npy")
	require.ErrorContains(t, err, "out/b.map.npy: there is a folder of that name")
	assert.Equal(t, Summary{Explained: 1}, sum)
	assert.Equal(t, []string{"a.npy"}, h.order)
	assert.NoFileExists(t, "out/b.json", "the record comes last")

	require.NoError(t, os.WriteFile("file", nil, 0o666))
	_, err = New(Config{Model: "toy.pt", Out: "file/out"}, nil)
	require.ErrorContains(t, err, "folder file/out for the results cannot be made")
}

// A sample that finds no memory even alone takes none with it, and a batch that
// finds none is halved, not given up for good.
func TestOutOfMemory(t *testing.T) {
	for name, save := range map[string][]Stage{"maps": nil, "stages, too": {Activation}} {
		t.Run(name, func(t *testing.T) {
			inFolderOf(t)
			writeArray(t, "heavy.npy", enginetest.ToyInput(7))
			model := &picky{Toy: enginetest.NewToy(), refuse: func(x engine.Array) error {
				if x.Shape[0] > 2 || slices.Contains(x.Data, 15+7) {
					return fmt.Errorf("%w: %d samples", engine.ErrOutOfMemory, x.Shape[0])
				}
				return nil
			}}
			h, sum, err := explainToy(t, model, Config{Layers: []string{"conv1"}, Target: "0", Batch: 9, Save: save}, "a.npy", "heavy.npy", "three.npy", "b.npy")
			require.NoError(t, err)
			assert.Equal(t, Summary{Explained: 3, Failed: 1}, sum)
			assert.Contains(t, h.failed["heavy.npy"], "there is no memory for even one sample of [1 4 4]; use smaller inputs")
			assert.Equal(t, []float32{14.5, 19, 32.5, 37}, readArray(t, "out/b.raw.npy").Data)
			assert.Equal(t, []int{3, 2, 2}, readArray(t, "out/three.raw.npy").Shape)
			if save != nil {
				assert.Equal(t, []int{3, 2, 2, 2}, readArray(t, "out/three.activation.npy").Shape)
			}
		})
	}
}
