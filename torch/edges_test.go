//go:build cgo

package torch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// Every sharp edge of cutting a graph, in every form of file, explained three
// times, against eager Python.
func TestEdges(t *testing.T) {
	for _, c := range readManifest(t).Cases {
		for form := range c.Files {
			t.Run(c.Name+"/"+form, func(t *testing.T) {
				m := c.load(t, form)
				for _, l := range c.Layers {
					if address := l.address(form); address != "" {
						t.Run(address, func(t *testing.T) { explainThrice(t, c, m, l, address) })
					}
				}
			})
		}
	}
}

func explainThrice(t *testing.T, c testCase, m *torch.Module, l testLayer, address string) {
	ctx := context.Background()
	h, err := m.Hook(address)
	if err == nil {
		defer h.Close()
		err = explain(ctx, t, c, h, []testLayer{l})
	}
	switch {
	case l.NeverCalled:
		require.ErrorIs(t, err, torch.ErrLayerNotCalled)
	case l.Either && err != nil:
		requireTold(t, err)
	case l.Refused != "" && !l.Either:
		require.Error(t, err, l.Refused)
		requireTold(t, err)
	default:
		require.NoError(t, err)
		kind := "cut"
		if l.Fallback {
			kind = "tap"
		}
		assert.Equal(t, kind, h.Plan().Kind)
		for range 2 {
			require.NoError(t, explain(ctx, t, c, h, []testLayer{l}))
		}
	}
}

// requireTold asks of a refusal that it is one of ours, in one line.
func requireTold(t *testing.T, err error) {
	t.Helper()
	var e *torch.Error
	require.ErrorAs(t, err, &e)
	require.NotErrorIs(t, err, torch.ErrInternal)
	require.NotContains(t, err.Error(), "\n")
	t.Log(err)
}

// explain compares outputs, activations and gradients of one pass, asking for
// the gradients three times. It returns refusals and fails on wrong values.
func explain(ctx context.Context, t *testing.T, c testCase, h *torch.Hook, layers []testLayer) error {
	p, err := h.Forward(ctx, c.inputs(t)...)
	if err != nil {
		return err
	}
	defer p.Close()
	for _, o := range c.Outputs {
		got := p.Outputs().Get(o.Name)
		require.NotNil(t, got, "output %q", o.Name)
		requireClose(t, readArray(t, o.File), got, c.Tolerance, "output "+o.Name)
	}
	for i, l := range layers {
		if l.Activation != "" {
			requireClose(t, readArray(t, l.Activation), p.Activation(i), c.Tolerance, l.Layer+" activation")
		}
	}
	if c.Target == nil {
		_, err := p.Backward(ctx, nil)
		if err != nil {
			return err
		}
		return nil
	}
	cotangent := readTensor(t, c.Target.Cotangent)
	for range 3 {
		grads, err := p.BackwardFrom(ctx, torch.Value{Name: c.Target.Output, Tensor: cotangent})
		if err != nil {
			return err
		}
		for i, l := range layers {
			if l.Gradient != "" {
				requireClose(t, readArray(t, l.Gradient), grads[i], c.Tolerance, l.Layer+" gradient")
			}
			grads[i].Close()
		}
	}
	return checkFinite(p)
}

var errNotFinite = errors.New("not finite")

// checkFinite stands for the caller, who looks at the output: nothing below
// package gradcam minds a NaN.
func checkFinite(p *torch.Pass) error {
	for _, v := range p.Outputs() {
		f, err := v.Tensor.Float32s()
		if err != nil {
			return err
		}
		for _, x := range f {
			if x != x {
				return &torch.Error{Kind: errNotFinite, Reason: fmt.Sprintf("output %q holds a NaN", v.Name)}
			}
		}
	}
	return nil
}
