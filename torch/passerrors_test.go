//go:build cgo

package torch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/torch"
)

// A pass refuses cotangents and activations that do not fit, and stays usable.
func TestPassRefusals(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "nested_output")
	m := c.load(t, "script")
	h, err := m.Hook("conv")
	require.NoError(t, err)
	defer h.Close()
	p, err := h.Forward(ctx, c.inputs(t)...)
	require.NoError(t, err)
	defer p.Close()

	_, err = p.Backward(ctx, zeros(t, 1, 2))
	requireError(t, err, torch.ErrInvalid, "conv", `output "0"`, "shape [1, 2]")
	_, err = p.Backward(ctx, nil)
	requireError(t, err, torch.ErrInvalid, "nil")
	_, err = p.BackwardFrom(ctx, torch.Value{Name: "1.box", Tensor: zeros(t, 1)})
	requireError(t, err, torch.ErrInvalid, `no output "1.box"`, "1.boxes")
	count := p.Outputs().Get("1.count")
	_, err = p.BackwardFrom(ctx, torch.Value{Name: "1.count", Tensor: count})
	requireError(t, err, torch.ErrNoDerivative, `"1.count" holds int64`, "argmax")
	_, err = p.Rerun(ctx, zeros(t, 1, 2))
	requireError(t, err, torch.ErrInvalid, "shape [1, 2]", "conv returned")
	_, err = p.Rerun(ctx, nil)
	requireError(t, err, torch.ErrInvalid, "nil")

	g, err := p.BackwardFrom(ctx, torch.Value{Name: c.Target.Output, Tensor: readTensor(t, c.Target.Cotangent)})
	require.NoError(t, err)
	requireClose(t, readArray(t, c.Layers[0].Gradient), g[0], c.Tolerance, "gradient after refusals")
	require.NoError(t, g[0].Close())

	// Of several layers, the model continues from the one it reaches first.
	c = readCase(t, "multi_layer")
	h, err = c.load(t, "script").Hook("merge", "right.0")
	require.NoError(t, err)
	defer h.Close()
	r, err := h.Forward(ctx, c.inputs(t)...)
	require.NoError(t, err)
	defer r.Close()
	_, err = r.Rerun(ctx, r.Activation(0))
	requireError(t, err, torch.ErrInvalid, "shape [2, 4, 8, 8]", "right.0 returned [2, 3, 8, 8]")
	y, err := r.Rerun(ctx, r.Activation(1))
	require.NoError(t, err)
	requireClose(t, readArray(t, c.Outputs[0].File), y[0].Tensor, c.Tolerance, "output")
	require.NoError(t, y.Close())

	// A layer in a loop cannot be continued from.
	c = readCase(t, "in_loop_once")
	h, err = c.load(t, "script").Hook("conv")
	require.NoError(t, err)
	defer h.Close()
	q, err := h.Forward(ctx, c.inputs(t)...)
	require.NoError(t, err)
	defer q.Close()
	_, err = q.Rerun(ctx, q.Activation(0))
	requireError(t, err, torch.ErrInvalid, "conv", "branch or loop", "choose a layer outside")
}

// A context that is done stops each call before it reaches C.
func TestCancelled(t *testing.T) {
	c := readCase(t, "frozen_toy")
	m := c.load(t, "script")
	in := c.inputs(t)
	h, err := m.Hook("conv1")
	require.NoError(t, err)
	defer h.Close()
	p, err := h.Forward(context.Background(), in...)
	require.NoError(t, err)
	defer p.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, f := range map[string]func() error{
		"Forward":  func() error { _, err := m.Forward(ctx, in...); return err },
		"Predict":  func() error { _, err := m.PredictTensors(ctx, in...); return err },
		"Calls":    func() error { _, err := m.Calls(ctx, nil); return err },
		"Hook":     func() error { _, err := h.Forward(ctx, in...); return err },
		"Backward": func() error { _, err := p.Backward(ctx, in[0]); return err },
		"Rerun":    func() error { _, err := p.Rerun(ctx, in[0]); return err },
	} {
		t.Run(name, func(t *testing.T) { requireError(t, f(), context.Canceled) })
	}
}

// Every code of the C side has a kind of its own, and every kind a code, but for
// those that Go finds by itself.
func TestKinds(t *testing.T) {
	seen := map[error]cgo.Code{}
	for code := cgo.Internal; code <= cgo.CUDATooLate; code++ {
		kind := torch.KindOf(code)
		require.NotContains(t, seen, kind, code)
		seen[kind] = code
	}
	assert.Equal(t, cgo.Internal, seen[torch.ErrInternal])
	assert.Equal(t, torch.ErrInternal, torch.KindOf(999), "a code that this package does not know")
	for _, own := range []error{torch.ErrClosed, torch.ErrCorrupt, torch.ErrStateDict} {
		assert.NotContains(t, seen, own)
	}
}

func TestErrorMessage(t *testing.T) {
	long := strings.Repeat("very ", 200) + "long"
	err := torch.Wrap(&cgo.Error{Code: cgo.Internal, Message: "an unknown C++ exception", Trace: "frame #0\nframe #1"}, "m.pt")
	requireError(t, err, torch.ErrInternal, "m.pt: an unknown C++ exception")
	assert.Equal(t, "torch: m.pt: an unknown C++ exception", fmt.Sprintf("%v", err))
	assert.Equal(t, "torch: m.pt: an unknown C++ exception\nframe #0\nframe #1", fmt.Sprintf("%+v", err))

	// What is cut off is in the trace.
	err = torch.Wrap(&cgo.Error{Code: cgo.Frozen, Message: long}, "m.pt")
	requireError(t, err, torch.ErrFrozen, "very long"[:4]+" ", "...")
	assert.Contains(t, fmt.Sprintf("%+v", err), long)

	assert.NoError(t, torch.Wrap(nil, "m.pt"))
	plain := errors.New("not ours")
	assert.ErrorIs(t, torch.Wrap(plain, "m.pt"), plain)
}
