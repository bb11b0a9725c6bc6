package explain

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/npy"
)

var errRefused = errors.New("the model refused the input")

// picky is the toy network with opinions on its input.
type picky struct {
	*enginetest.Toy
	most    int // samples a batch; 0: any
	refuse  func(engine.Array) error
	mu      sync.Mutex
	batches []int // samples of every forward pass
}

func (p *picky) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	plan, err := p.Toy.Plan(ctx, spec)
	return pickyPlan{plan, p}, err
}

func (p *picky) Calls(ctx context.Context, inputs []engine.Array) ([]engine.Call, error) {
	if inputs[0].Shape[1] != 1 {
		return nil, errRefused
	}
	return p.Toy.Calls(ctx, inputs)
}

type pickyPlan struct {
	engine.Plan
	model *picky
}

func (p pickyPlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	n := inputs[0].Shape[0]
	p.model.mu.Lock()
	p.model.batches = append(p.model.batches, n)
	p.model.mu.Unlock()
	if p.model.most > 0 && n > p.model.most {
		return nil, errRefused
	}
	if p.model.refuse != nil {
		if err := p.model.refuse(inputs[0]); err != nil {
			return nil, err
		}
	}
	return p.Plan.Forward(ctx, inputs)
}

// heard is a watcher that remembers.
type heard struct {
	records map[string][]Record
	failed  map[string]string
	order   []string
}

func newHeard() *heard { return &heard{records: map[string][]Record{}, failed: map[string]string{}} }

func (h *heard) Explained(records []Record) {
	h.records[records[0].Input] = records
	h.order = append(h.order, records[0].Input)
}

func (h *heard) Failed(input string, err error) {
	h.failed[input] = err.Error()
	h.order = append(h.order, input)
}

// explainToy runs a session over the toy network in a new folder, which prepare
// fills with inputs.
func explainToy(t *testing.T, model engine.Model, c Config, inputs ...string) (*heard, Summary, error) {
	t.Helper()
	c.Model = "toy.pt"
	if c.Out == "" {
		c.Out = "out"
	}
	s, err := New(c, func() (engine.Model, error) { return model, nil })
	require.NoError(t, err)
	h := newHeard()
	sum, err := s.Run(t.Context(), inputs, h)
	return h, sum, err
}

// inFolderOf gives the test a folder with arrays of the toy's exact values: a.npy
// and b.npy with one sample, three.npy with three, and a NaN in bad.npy.
func inFolderOf(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	writeArray(t, "a.npy", enginetest.ToyInput(0))
	writeArray(t, "b.npy", enginetest.ToyInput(1))
	writeArray(t, "three.npy", enginetest.ToyInput(0, 1, 2))
	bad := enginetest.ToyInput(0, 1)
	bad.Data[17] = float32(math.NaN())
	writeArray(t, "bad.npy", bad)
}

func writeArray(t *testing.T, name string, a engine.Array) {
	t.Helper()
	require.NoError(t, npy.WriteFile(name, a))
}

func readArray(t *testing.T, name string) engine.Array {
	t.Helper()
	a, err := npy.ReadFile(name)
	require.NoError(t, err)
	return a
}

// writePhoto writes a grey photo of 4x4 pixels, 0 to 240.
func writePhoto(t *testing.T, name string) {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range m.Pix {
		m.SetGray(i%4, i/4, color.Gray{Y: uint8(16 * i)})
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
	f, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, m))
	require.NoError(t, f.Close())
}
