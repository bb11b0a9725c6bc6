//go:build cgo

package torch_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// explained is what one pass gives: output, activations, gradients, a rerun.
type explained struct {
	output                 []float32
	activations, gradients [][]float32
	rerun                  []float64
}

// explainOnce is for goroutines, where a test may not stop: errors are returned.
func explainOnce(h *torch.Hook, x, cotangent *torch.Tensor, output string, continues bool) (e explained, err error) {
	ctx := context.Background()
	p, err := h.Forward(ctx, x)
	if err != nil {
		return e, err
	}
	defer p.Close()
	if e.output, err = p.Outputs().Get(output).Float32s(); err != nil {
		return e, err
	}
	grads, err := p.BackwardFrom(ctx, torch.Value{Name: output, Tensor: cotangent})
	if err != nil {
		return e, err
	}
	for i, g := range grads {
		defer g.Close()
		a, err := p.Activation(i).Float32s()
		if err != nil {
			return e, err
		}
		f, err := g.Float32s()
		if err != nil {
			return e, err
		}
		e.activations, e.gradients = append(e.activations, a), append(e.gradients, f)
	}
	if !continues {
		return e, nil
	}
	v, err := p.Rerun(ctx, p.Activation(0))
	if err != nil {
		return e, err
	}
	defer v.Close()
	e.rerun, err = torch.ToSlice[float64](v.Get(output))
	return e, err
}

// Sixteen goroutines, three hooks, one module: each explains its own image again
// and again and gets, bit for bit, what one goroutine alone gets.
func TestConcurrent(t *testing.T) {
	const goroutines, rounds = 16, 6
	for _, c := range []struct {
		model  string
		layers [3][]string
		loop   int // the hook that cannot be continued from, -1 for none
	}{
		{"multi_layer", [3][]string{{"left"}, {"right.0", "merge"}, {"input"}}, -1},
		{"residual_inplace", [3][]string{{"conv1"}, {"bn2"}, {"downsample", "bn1"}}, -1}, // in-place operators behind the cut
		{"in_if", [3][]string{{"stem"}, {"conv"}, {"input"}}, 1},                         // a tap
		{"buffer_write", [3][]string{{"conv"}, {"last"}, {"conv", "last"}}, -1},          // state that the model writes
	} {
		t.Run(c.model, func(t *testing.T) {
			tc := readCase(t, c.model)
			m := tc.load(t, "script")
			cotangent := readTensor(t, tc.Target.Cotangent)
			in := readArray(t, tc.Inputs[0])
			var inputs []*torch.Tensor
			for i := range goroutines {
				x := engine.NewArray(in.Shape...)
				for k := range x.Data {
					x.Data[k] = in.Data[k] * (1 + 0.05*float32(i))
				}
				inputs = append(inputs, tensor(t, x))
			}
			// Alone: one goroutine, its own hooks.
			var want [3][goroutines]explained
			for h := range c.layers {
				alone := hook(t, m, c.layers[h]...)
				for i, x := range inputs {
					var err error
					want[h][i], err = explainOnce(alone, x, cotangent, tc.Target.Output, h != c.loop)
					require.NoError(t, err)
				}
			}
			assert.NotEqual(t, want[0][0], want[0][1], "the images differ")

			// Together: hooks that nobody has run yet, so that the first
			// passes, which compare with the plain model, run at once too.
			var hooks [3]*torch.Hook
			for h := range c.layers {
				hooks[h] = hook(t, m, c.layers[h]...)
			}
			failures := make(chan error, goroutines)
			for i := range goroutines {
				go func() {
					failures <- func() error {
						for r := range rounds {
							h := (i + r) % 3
							got, err := explainOnce(hooks[h], inputs[i], cotangent, tc.Target.Output, h != c.loop)
							if err != nil {
								return err
							}
							if !assert.ObjectsAreEqual(want[h][i], got) {
								return fmt.Errorf("goroutine %d, round %d, hook %v: other values than alone", i, r, c.layers[h])
							}
						}
						return nil
					}()
				}()
			}
			for range goroutines {
				assert.NoError(t, <-failures)
			}
		})
	}
}

// All ways of running one module at once, with hooks coming and going and the
// collector at work.
func TestConcurrentMix(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "multi_layer")
	m := c.load(t, "script")
	x := c.inputs(t)[0]
	in := []engine.Array{readArray(t, c.Inputs[0])}
	want := readArray(t, c.Outputs[0].File)
	check := func(v torch.Values, err error) error {
		if err != nil {
			return err
		}
		defer v.Close()
		got, err := v[0].Tensor.Float32s()
		if err == nil && !assert.ObjectsAreEqual(len(want.Data), len(got)) {
			return fmt.Errorf("%d values", len(got))
		}
		for i := range got {
			if d := abs(float64(got[i] - want.Data[i])); d > 1e-5 {
				return fmt.Errorf("value %d is off by %g", i, d)
			}
		}
		return err
	}
	work := []func() error{
		func() error { return check(m.Forward(ctx, x)) },
		func() error { return check(m.PredictTensors(ctx, x)) },
		func() error { _, err := m.Calls(ctx, in); return err },
		func() error {
			h, err := m.Hook("merge")
			if err != nil {
				return err
			}
			defer h.Close()
			p, err := h.Forward(ctx, x)
			if err != nil {
				return err
			}
			err = check(p.Rerun(ctx, p.Activation(0)))
			if i := p.Close(); i != nil {
				return i
			}
			return err
		},
		func() error {
			other, err := torch.Load(models + "/" + c.Files["trace"])
			if err != nil {
				return err
			}
			defer other.Close()
			return check(other.Forward(ctx, x))
		},
		func() error { runtime.GC(); return nil },
		func() error { m.Submodules(); torch.Stats(); _, err := torch.Runtime(); return err },
	}
	var wg sync.WaitGroup
	failures := make(chan error, 16)
	for i := range 16 {
		wg.Go(func() {
			for r := range 7 {
				if err := work[(i+r)%len(work)](); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failures)
	for err := range failures {
		assert.NoError(t, err)
	}
}

// Closing while others use an object is theirs to notice, never a crash.
func TestConcurrentClose(t *testing.T) {
	ctx := context.Background()
	for range 10 {
		k := newChain(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					v, err := k.module.Forward(ctx, k.input)
					if err != nil {
						assert.ErrorIs(t, err, torch.ErrClosed)
						return
					}
					assert.NoError(t, v.Close())
					p, err := k.hook.Forward(ctx, k.input)
					if err != nil {
						assert.ErrorIs(t, err, torch.ErrClosed)
						return
					}
					assert.NoError(t, p.Close())
				}
			})
		}
		for _, c := range []interface{ Close() error }{k.hook, k.module, k.input, k.input} {
			wg.Go(func() { assert.NoError(t, c.Close()) })
		}
		wg.Wait()
		k.close(t)
	}
}

// The number of threads is one number for the process, whoever asks, on whatever
// thread.
func TestSetNumThreads(t *testing.T) {
	before := torch.NumThreads()
	require.Positive(t, before)
	defer func() { require.NoError(t, torch.SetNumThreads(before)) }()
	for _, n := range []int{1, 3, 2} {
		require.NoError(t, torch.SetNumThreads(n))
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 20 {
					assert.Equal(t, n, torch.NumThreads())
				}
			})
		}
		wg.Wait()
	}

	// Set by many at once while models run: every reader sees a number that
	// somebody set, the last one stays, and values do not depend on it.
	c := readCase(t, "residual_inplace")
	h := hook(t, c.load(t, "script"), "bn2")
	x, cotangent := c.inputs(t)[0], readTensor(t, c.Target.Cotangent)
	want, err := explainOnce(h, x, cotangent, "", true)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for r := range 10 {
				assert.NoError(t, torch.SetNumThreads(1+(i+r)%3))
				n := torch.NumThreads()
				assert.True(t, n >= 1 && n <= 3, "%d threads", n)
				got, err := explainOnce(h, x, cotangent, "", true)
				assert.NoError(t, err)
				assert.InDeltaSlice(t, want.gradients[0], got.gradients[0], 1e-5)
			}
		})
	}
	wg.Wait()
	require.NoError(t, torch.SetNumThreads(2))
	assert.Equal(t, 2, torch.NumThreads())
}
