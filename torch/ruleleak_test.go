//go:build cgo && linux

package torch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// Second derivatives, rules and passes of other rows keep nothing. The steps are
// many and their activations small, for the allocators may settle on some
// megabytes once, late in a process that did much else.
func TestSecondDerivativesKeepNothing(t *testing.T) {
	settled(t) // what earlier tests forgot
	before := cgo.LiveCounts()
	ctx := context.Background()
	input := engine.NewArray(2, 3, 64, 64)
	for i := range input.Data {
		input.Data[i] = float32(i%17) / 17
	}
	m, err := torch.Load(models + "/" + readCase(t, "residual_inplace").Files["script"])
	require.NoError(t, err)
	var hooks []*torch.Hook
	for _, spec := range []engine.Spec{
		{Layers: []string{"conv1"}},
		{Layers: []string{"bn1", "bn2"}, Relu: engine.ReluGuided},
		{Layers: []string{"conv1", "bn2"}, InPlace: engine.BothAfter},
	} {
		h, err := m.HookSpec(spec)
		require.NoError(t, err)
		hooks = append(hooks, h)
	}
	const count, activation = 1800, 2 * 4 * 32 * 32 * 4
	flat(t, 180, count, 24<<20, count*activation, func(i int) {
		x, err := torch.FromSlice(input.Data, input.Shape...)
		require.NoError(t, err)
		p, err := hooks[i%len(hooks)].Forward(ctx, x)
		require.NoError(t, err)
		directions := make([]*torch.Tensor, len(hooks[i%len(hooks)].Layers()))
		directions[0] = p.Activation(0)
		hv, jv, err := p.SecondOrder(ctx, p.Outputs(), directions)
		require.NoError(t, err)
		for _, h := range hv {
			require.NoError(t, h.Close())
		}
		require.NoError(t, jv.Close())
		q, err := p.RerunGrad(ctx, p.Activation(0), []int{1, 1})
		require.NoError(t, err)
		require.NoError(t, p.Close())
		v, err := q.RerunRows(ctx, q.Activation(0), []int{1, 0})
		require.NoError(t, err)
		require.NoError(t, v.Close())
		require.NoError(t, q.Close())
		require.NoError(t, x.Close())
	})
	for _, h := range hooks {
		require.NoError(t, h.Close())
	}
	require.NoError(t, m.Close())
	assert.Equal(t, before, cgo.LiveCounts())
}
