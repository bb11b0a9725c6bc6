//go:build cgo

package torch_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// chain is one object of each kind, from the module to the gradient.
type chain struct {
	module     *torch.Module
	input      *torch.Tensor
	hook       *torch.Hook
	pass       *torch.Pass
	activation *torch.Tensor // the pass's
	output     *torch.Tensor // the pass's
	gradient   *torch.Tensor
}

func newChain(t testing.TB) *chain {
	t.Helper()
	ctx := context.Background()
	c := readCase(t, "frozen_toy")
	k := &chain{module: c.load(t, "script")}
	a := readArray(t, c.Inputs[0])
	var err error
	k.input, err = torch.FromSlice(a.Data, a.Shape...)
	require.NoError(t, err)
	k.hook, err = k.module.Hook("conv1")
	require.NoError(t, err)
	k.pass, err = k.hook.Forward(ctx, k.input)
	require.NoError(t, err)
	k.activation, k.output = k.pass.Activation(0), k.pass.Outputs()[0].Tensor
	g, err := k.pass.Backward(ctx, k.output)
	require.NoError(t, err)
	k.gradient = g[0]
	return k
}

// close closes everything twice, from the gradient up.
func (k *chain) close(t testing.TB) {
	t.Helper()
	for range 2 {
		for _, c := range []interface{ Close() error }{k.gradient, k.pass, k.hook, k.input, k.module} {
			require.NoError(t, c.Close())
		}
	}
}

// Every method of a closed object says so, and leaves the process alive.
func TestUseAfterClose(t *testing.T) {
	ctx := context.Background()
	open, k := newChain(t), newChain(t)
	defer open.close(t)
	k.close(t)
	for name, f := range map[string]func() error{
		"Tensor.Float32s":  func() error { _, err := k.input.Float32s(); return err },
		"Tensor.ToSlice":   func() error { _, err := torch.ToSlice[int64](k.gradient); return err },
		"Tensor.WithData":  func() error { return k.input.WithData(func([]float32) { t.Error("lent") }) },
		"Tensor.To":        func() error { _, err := k.input.To(torch.Float64, torch.CPU); return err },
		"Tensor.NewUnsafe": func() error { _, err := k.input.NewUnsafe(); return err },
		"output of a pass": func() error { _, err := k.output.Float32s(); return err },
		"activation":       func() error { _, err := k.activation.Float32s(); return err },
		"zero Tensor":      func() error { _, err := new(torch.Tensor).Float32s(); return err },
		"Module.Forward":   func() error { _, err := k.module.Forward(ctx, open.input); return err },
		"Module.Predict":   func() error { _, err := k.module.PredictTensors(ctx, open.input); return err },
		"Module.Calls":     func() error { _, err := k.module.Calls(ctx, nil); return err },
		"Module.Hook":      func() error { _, err := k.module.Hook("conv1"); return err },
		"Module.Plan":      func() error { _, err := k.module.Plan(ctx, engine.Spec{Layers: []string{"conv1"}}); return err },
		"zero Module":      func() error { _, err := new(torch.Module).Hook("conv1"); return err },
		"Hook.Forward":     func() error { _, err := k.hook.Forward(ctx, open.input); return err },
		"Pass.Backward":    func() error { _, err := k.pass.Backward(ctx, open.output); return err },
		"Pass.RerunGrad":   func() error { _, err := k.pass.RerunGrad(ctx, open.activation, nil); return err },
		"Pass.SecondOrder": func() error {
			_, _, err := k.pass.SecondOrder(ctx, nil, []*torch.Tensor{open.activation})
			return err
		},
		"closed direction": func() error {
			_, _, err := open.pass.SecondOrder(ctx, nil, []*torch.Tensor{k.activation})
			return err
		},
		"Hook.Biases":       func() error { _, err := k.hook.Biases(ctx); return err },
		"Pass.Rerun":        func() error { _, err := k.pass.Rerun(ctx, open.activation); return err },
		"closed input":      func() error { _, err := open.module.Forward(ctx, k.input); return err },
		"closed hook input": func() error { _, err := open.hook.Forward(ctx, k.input); return err },
		"closed cotangent":  func() error { _, err := open.pass.Backward(ctx, k.output); return err },
		"closed activation": func() error { _, err := open.pass.Rerun(ctx, k.activation); return err },
	} {
		t.Run(name, func(t *testing.T) { requireError(t, f(), torch.ErrClosed, "closed") })
	}
	assert.Nil(t, k.input.Shape())
	assert.Nil(t, new(torch.Tensor).Shape())
}

func TestCloseNil(t *testing.T) {
	require.NoError(t, (*torch.Tensor)(nil).Close())
	require.NoError(t, (*torch.Module)(nil).Close())
	require.NoError(t, (*torch.Hook)(nil).Close())
	require.NoError(t, (*torch.Pass)(nil).Close())
	require.NoError(t, torch.Values(nil).Close())
	for range 2 {
		require.NoError(t, new(torch.Tensor).Close())
		require.NoError(t, new(torch.Module).Close())
		require.NoError(t, new(torch.Hook).Close())
		require.NoError(t, new(torch.Pass).Close())
	}
}

// Whatever is closed first, what was made from it goes on.
func TestCloseOrder(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "frozen_toy")
	want := readArray(t, c.Layers[0].Gradient)
	k := newChain(t)
	defer k.close(t)
	require.NoError(t, k.module.Close())
	second, err := k.hook.Forward(ctx, k.input)
	require.NoError(t, err)
	require.NoError(t, k.hook.Close())
	require.NoError(t, k.input.Close())
	for range 3 {
		g, err := second.Backward(ctx, readTensor(t, c.Target.Cotangent))
		require.NoError(t, err)
		requireClose(t, want, g[0], c.Tolerance, "gradient from a hook that was closed")
		require.NoError(t, g[0].Close())
	}
	require.NoError(t, second.Close())
}

// Stats counts each kind, and objects that were forgotten are collected, with
// all that they hold.
func TestStatsAndForgottenObjects(t *testing.T) {
	base := settled(t)
	k := newChain(t)
	one := torch.Stats()
	assert.Equal(t, 1, one.Modules-base.Modules)
	assert.Equal(t, 1, one.Hooks-base.Hooks)
	assert.Equal(t, 1, one.Passes-base.Passes)
	assert.Equal(t, 4, one.Tensors-base.Tensors, "input, activation, output, gradient")
	k.close(t)
	assert.Equal(t, base, torch.Stats())

	forget(t)
	require.Equal(t, base, settledAt(t, base), "forgotten objects are freed once they are unreachable")
}

// forget makes a chain and drops it. The module is not registered for closing.
//
//go:noinline
func forget(t *testing.T) {
	ctx := context.Background()
	m, err := torch.Load(models + "/frozen_toy/script.pt")
	require.NoError(t, err)
	h, err := m.Hook("conv1")
	require.NoError(t, err)
	a := readArray(t, readCase(t, "frozen_toy").Inputs[0])
	for range 10 {
		x, err := torch.FromSlice(a.Data, a.Shape...)
		require.NoError(t, err)
		p, err := h.Forward(ctx, x)
		require.NoError(t, err)
		_, err = p.Backward(ctx, p.Outputs()[0].Tensor)
		require.NoError(t, err)
	}
	require.Positive(t, torch.Stats().Passes)
}

// settled collects garbage until the counters stay as they are.
func settled(t testing.TB) torch.Live {
	t.Helper()
	last := torch.Stats()
	for still := 0; still < 3; {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
		now := torch.Stats()
		if now == last {
			still++
		} else {
			still, last = 0, now
		}
	}
	return last
}

// settledAt collects garbage until the counters are down at want, for two
// seconds at most.
func settledAt(t testing.TB, want torch.Live) torch.Live {
	t.Helper()
	for range 100 {
		runtime.GC()
		if torch.Stats() == want {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return torch.Stats()
}
