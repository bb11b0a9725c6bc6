package explain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// folderOf fills the test's folder with grey JPEGs, a file cut short among them and
// one that claims 65500x65500 pixels, and names all in order.
func folderOf(t *testing.T, n int) []string {
	t.Helper()
	inFolderOf(t)
	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	var names []string
	for i := range n {
		m := image.NewGray(image.Rect(0, 0, 4, 4))
		for k := range m.Pix {
			m.SetGray(k%4, k/4, color.Gray{Y: uint8(16*k + i%16)})
		}
		var b bytes.Buffer
		require.NoError(t, jpeg.Encode(&b, m, nil))
		data := b.Bytes()
		switch i {
		case n / 3:
			data = data[:len(data)-8]
		case n / 2:
			at := bytes.Index(data, []byte{0xff, 0xc0})
			copy(data[at+5:], []byte{0xff, 0xdc, 0xff, 0xdc})
		}
		names = append(names, fmt.Sprintf("p%02d.jpg", i))
		require.NoError(t, os.WriteFile(names[i], data, 0o666))
	}
	return names
}

// Several at a time say and write what one at a time does.
func TestSideBySide(t *testing.T) {
	inputs := folderOf(t, 40)
	written := map[string]map[string]string{}
	for _, at := range []struct{ workers, passes, batch int }{{1, 1, 0}, {4, 4, 0}, {4, 2, 3}, {2, 4, 0}} {
		name := fmt.Sprint(at)
		h, sum, err := explainToy(t, enginetest.NewToy(), Config{Target: "0", Out: name, Workers: at.workers, Passes: at.passes, Batch: at.batch, Save: []Stage{Gradient, Input}}, inputs...)
		require.NoError(t, err)
		assert.Equal(t, Summary{Explained: 38, Failed: 2}, sum, name)
		assert.Equal(t, inputs, h.order, name)
		assert.Contains(t, h.failed[inputs[13]], "copy it again", name)
		assert.Contains(t, h.failed[inputs[20]], "65500", name)
		written[name] = map[string]string{}
		files, err := os.ReadDir(name)
		require.NoError(t, err)
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(name, f.Name()))
			require.NoError(t, err)
			if !strings.HasSuffix(f.Name(), ".json") { // their timings differ
				data, f := string(data), f.Name()
				written[name][f] = data
			}
		}
		assert.Len(t, files, 38*6, name)
		assert.Equal(t, written["{1 1 0}"], written[name], name)
	}
	assert.NotEqual(t, written["{1 1 0}"]["p01.input.npy"], written["{1 1 0}"]["p02.input.npy"])
}

// gathering is a model whose passes, but for the first one, wait until n are inside.
type gathering struct {
	*picky
	mu                  sync.Mutex
	calls, inside, most int
	full                chan struct{}
}

func newGathering(n int) *gathering {
	g := &gathering{full: make(chan struct{})}
	g.picky = &picky{Toy: enginetest.NewToy(), refuse: func(engine.Array) error {
		defer g.count(-1, n)
		if g.count(1, n) == 1 {
			return nil
		}
		select {
		case <-g.full:
			return nil
		case <-time.After(20 * time.Second):
			return errRefused
		}
	}}
	return g
}

// count counts who goes in or out, and returns how many have come.
func (g *gathering) count(by, n int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside += by
	g.most = max(g.most, g.inside)
	if by > 0 {
		g.calls++
	}
	if g.inside == n {
		select {
		case <-g.full:
		default:
			close(g.full)
		}
	}
	return g.calls
}

// As many batches are in the model as may be, and no more than have cores.
func TestPassesAtATime(t *testing.T) {
	inputs := folderOf(t, 8)[:2]
	for i := range 10 {
		name := fmt.Sprintf("x%d.npy", i)
		writeArray(t, name, enginetest.ToyInput(float32(i)))
		inputs = append(inputs, name)
	}
	for _, at := range []struct{ workers, passes, want int }{{3, 3, 3}, {4, 2, 2}, {2, 4, 2}} {
		model := newGathering(at.want)
		_, sum, err := explainToy(t, model.picky, Config{Target: "0", Workers: at.workers, Passes: at.passes}, inputs...)
		require.NoError(t, err)
		assert.Equal(t, Summary{Explained: 12}, sum)
		assert.Equal(t, at.want, model.most)
	}
}

// An array whose samples run in several batches at a time is told with the first sample
// to blame.
func TestOneInputSideBySide(t *testing.T) {
	inFolderOf(t)
	many := enginetest.ToyInput(make([]float32, 9)...)
	writeArray(t, "good.npy", many)
	nan := float32(math.NaN())
	many.Data[16*8], many.Data[16*4] = nan, nan
	writeArray(t, "many.npy", many)
	for range 5 {
		h, sum, err := explainToy(t, enginetest.NewToy(), Config{Layers: []string{"conv1"}, Target: "0", Batch: 1, Workers: 4, Passes: 4}, "good.npy", "many.npy", "a.npy")
		require.NoError(t, err)
		assert.Equal(t, Summary{Explained: 2, Failed: 1}, sum)
		assert.Contains(t, h.failed["many.npy"], "sample 4")
		assert.Equal(t, []int{9, 2, 2}, readArray(t, "out/good.raw.npy").Shape)
	}
}

// What ends the run ends it for all batches, and what was explained before is told.
func TestHopelessSideBySide(t *testing.T) {
	inFolderOf(t)
	lost := errors.New("device lost")
	var calls atomic.Int32
	model := &picky{Toy: enginetest.NewToy(), refuse: func(engine.Array) error {
		if calls.Add(1) >= 3 {
			return lost
		}
		return nil
	}}
	var inputs []string
	for i := range 30 {
		inputs = append(inputs, fmt.Sprintf("x%02d.npy", i))
		writeArray(t, inputs[i], enginetest.ToyInput(float32(i)))
	}
	config := Config{Layers: []string{"conv1"}, Target: "0", Workers: 4, Passes: 4, Hopeless: func(err error) bool { return errors.Is(err, lost) }}
	h, sum, err := explainToy(t, model, config, inputs...)
	require.ErrorIs(t, err, lost)
	assert.Equal(t, Summary{Explained: len(h.order)}, sum)
	assert.Contains(t, []int{1, 2}, len(h.order), "the second may be ended by the third")
	assert.Equal(t, inputs[0], h.order[0])
	assert.Zero(t, model.Counts().OpenPasses+model.Counts().OpenPlans)
	assert.Less(t, calls.Load(), int32(30), "the rest is not tried")
}

func TestCancelSideBySide(t *testing.T) {
	inputs := folderOf(t, 60)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	model := &picky{Toy: enginetest.NewToy()}
	var calls atomic.Int32
	model.refuse = func(engine.Array) error {
		if calls.Add(1) == 10 {
			cancel()
		}
		return nil
	}
	s, err := New(Config{Model: "toy.pt", Target: "0", Out: "out", Workers: 4, Passes: 4}, func() (engine.Model, error) { return model, nil })
	require.NoError(t, err)
	h := newHeard()
	sum, err := s.Run(ctx, inputs, h)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, len(h.order), sum.Explained)
	assert.Greater(t, sum.Explained, 0)
	assert.Less(t, sum.Explained, 20)
	records, err := filepath.Glob("out/*.json")
	require.NoError(t, err)
	assert.Len(t, records, sum.Explained, "what is told is written, and nothing else")
	assert.Zero(t, model.Counts().OpenPasses+model.Counts().OpenPlans)
}
