//go:build cgo && linux

package torch_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// resident is the process's memory without what Go's collector holds back.
func resident() int {
	debug.FreeOSMemory()
	return status("VmRSS")
}

// flat runs step warm times, then count times more, and expects the memory not
// to grow by more than slack. leak is what one object kept in each step would
// cost.
func flat(t *testing.T, warm, count, slack, leak int, step func(i int)) {
	t.Helper()
	require.Greater(t, leak, 2*slack, "the test could not tell a leak from noise")
	for i := range warm {
		step(i)
	}
	before := resident()
	for i := range count {
		step(warm + i)
	}
	after := resident()
	t.Logf("resident memory after %d steps %.1f MB, after %d more %.1f MB", warm, float64(before)/(1<<20), count, float64(after)/(1<<20))
	if !sanitized { // the sanitizer keeps what was freed
		assert.Less(t, after-before, slack)
	}
}

// explanation is all that an explanation asks of a hook.
func explanation(t *testing.T, h *torch.Hook, input engine.Array, output string, continues bool) {
	ctx := context.Background()
	x, err := torch.FromSlice(input.Data, input.Shape...)
	require.NoError(t, err)
	p, err := h.Forward(ctx, x)
	require.NoError(t, err)
	y := p.Outputs().Get(output)
	_, err = p.Activation(0).Float32s()
	require.NoError(t, err)
	for range 2 {
		g, err := p.BackwardFrom(ctx, torch.Value{Name: output, Tensor: y})
		require.NoError(t, err)
		_, err = g[0].Float32s()
		require.NoError(t, err)
		for _, x := range g {
			require.NoError(t, x.Close())
		}
	}
	if continues {
		v, err := p.Rerun(ctx, p.Activation(0))
		require.NoError(t, err)
		require.NoError(t, v.Close())
	}
	require.NoError(t, p.Close())
	require.NoError(t, x.Close())
}

// Two thousand explanations, by every kind of plan, with refusals in between:
// the memory stays where it is and nothing is alive at the end.
func TestTwoThousandExplanations(t *testing.T) {
	settled(t) // what earlier tests forgot
	before := cgo.LiveCounts()
	const size = 64
	input := engine.NewArray(2, 3, size, size)
	for i := range input.Data {
		input.Data[i] = float32(i%17) / 17
	}
	ctx := context.Background()
	type user struct {
		module    *torch.Module
		hook      *torch.Hook
		continues bool
	}
	var users []user
	for _, c := range []struct {
		model, form string
		layers      []string
		continues   bool
	}{
		{"inplace_relu_after", "script", []string{"conv"}, true},
		{"residual_inplace", "trace", []string{"bn2"}, true},
		{"multi_layer", "frozen", []string{"#conv2d:0", "#cat:0"}, true},
		{"in_if", "script", []string{"conv"}, false},
		{"buffer_write", "script", []string{"input"}, true},
	} {
		m, err := torch.Load(models + "/" + readCase(t, c.model).Files[c.form])
		require.NoError(t, err)
		h, err := m.Hook(c.layers...)
		require.NoError(t, err)
		users = append(users, user{m, h, c.continues})
	}
	wrong := zeros(t, 1, 5, 8, 8)
	more := cgo.LiveCounts()
	require.Equal(t, before.Plans+len(users), more.Plans)

	warm, count := 250, 1750
	activation := 2 * 4 * size * size * 4 // bytes, four channels
	if testing.Short() {
		count = 400
	}
	flat(t, warm, count, 24<<20, activation*count, func(i int) {
		u := users[i%len(users)]
		explanation(t, u.hook, input, "", u.continues)
		if i%10 == 0 {
			_, err := u.hook.Forward(ctx, wrong)
			require.ErrorIs(t, err, torch.ErrModel)
		}
	})
	assert.Equal(t, more, cgo.LiveCounts(), "every step frees what it made")
	for _, u := range users {
		require.NoError(t, u.hook.Close())
		require.NoError(t, u.module.Close())
	}
	require.NoError(t, wrong.Close())
	after := cgo.LiveCounts()
	assert.Equal(t, before, after)
	assert.LessOrEqual(t, torch.Stats().Passes, before.Passes)
}

// Loading, hooking and closing a model again and again costs nothing either.
func TestModulesComeAndGo(t *testing.T) {
	settled(t)
	before := cgo.LiveCounts()
	path := readCase(t, "multi_layer").Files["script"]
	for range 50 {
		m, err := torch.Load(models + "/" + path)
		require.NoError(t, err)
		h, err := m.Hook("merge")
		require.NoError(t, err)
		_, err = m.Hook("nothing")
		require.ErrorIs(t, err, torch.ErrUnknownLayer)
		require.NoError(t, h.Close())
		require.NoError(t, m.Close())
	}
	assert.Equal(t, before, cgo.LiveCounts())
}

// The sample model, whose activations are those of a real network: layer
// features.2.conv.0 has 96 channels of 112 by 112, 4.8 MB.
func TestSampleModelIsFlat(t *testing.T) {
	settled(t)
	before := cgo.LiveCounts()
	m, err := torch.Load("../examples/models/mobilenet_v2.pt")
	require.NoError(t, err)
	h, err := m.Hook("features.2.conv.0")
	require.NoError(t, err)
	input := engine.NewArray(1, 3, 224, 224)
	for i := range input.Data {
		input.Data[i] = float32(i%255)/127 - 1
	}
	ctx := context.Background()
	const count, activation = 24, 96 * 112 * 112 * 4
	// Each of the pinned threads has buffers of its own, and takes its turn.
	flat(t, 6*runtime.NumCPU(), count, 48<<20, count*activation, func(int) {
		x, err := torch.FromSlice(input.Data, input.Shape...)
		require.NoError(t, err)
		p, err := h.Forward(ctx, x)
		require.NoError(t, err)
		require.Equal(t, []int{1, 96, 112, 112}, p.Activation(0).Shape())
		g, err := p.Backward(ctx, p.Outputs()[0].Tensor)
		require.NoError(t, err)
		require.NoError(t, g[0].Close())
		require.NoError(t, p.Close())
		require.NoError(t, x.Close())
	})
	require.NoError(t, h.Close())
	require.NoError(t, m.Close())
	assert.Equal(t, before, cgo.LiveCounts())
}
