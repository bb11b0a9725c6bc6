package exchange_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/torchlight-go/torchlight/torch"
	"github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/cgotorch"

	exchange "github.com/torchlight-go/torchlight/examples/gotorch"
)

// made is a tensor as gotorch makes one: by its own C++, with its own finalizer.
func made(data []float32, shape ...int64) gotorch.Tensor {
	p := cgotorch.New(data, shape...)
	gotorch.SetTensorFinalizer(&p)
	return gotorch.Tensor{T: &p}
}

func TestFromGotorch(t *testing.T) {
	theirs := made([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	defer theirs.Close()
	require.Equal(t, 1, cgotorch.Users(*theirs.T))
	ours, err := exchange.FromGotorch(theirs)
	require.NoError(t, err)
	assert.Equal(t, 2, cgotorch.Users(*theirs.T), "one storage, two tensors")
	assert.Equal(t, []int{2, 3}, ours.Shape())
	assert.Equal(t, torch.Float32, ours.DType())
	got, err := ours.Float32s()
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 2, 3, 4, 5, 6}, got)

	cgotorch.Fill(*theirs.T, 7) // a write in place shows on both sides
	got, err = ours.Float32s()
	require.NoError(t, err)
	assert.Equal(t, []float32{7, 7, 7, 7, 7, 7}, got)

	require.NoError(t, ours.Close())
	assert.Equal(t, 1, cgotorch.Users(*theirs.T), "each side frees its own")
	assert.Equal(t, float32(7), cgotorch.Read(*theirs.T)[0])
}

// The storage lives as long as either side does.
func TestFromGotorchOutlivesTheirs(t *testing.T) {
	theirs := made([]float32{1, 2, 3}, 3)
	ours, err := exchange.FromGotorch(theirs)
	require.NoError(t, err)
	defer ours.Close()
	theirs.Close()
	got, err := ours.Float32s()
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 2, 3}, got)
}

func TestToGotorch(t *testing.T) {
	ours, err := torch.FromSlice([]float32{1, 2, 3, 4}, 4)
	require.NoError(t, err)
	theirs, err := exchange.ToGotorch(ours)
	require.NoError(t, err)
	assert.Equal(t, 2, cgotorch.Users(*theirs.T))
	assert.Equal(t, []float32{1, 2, 3, 4}, cgotorch.Read(*theirs.T))

	require.NoError(t, ours.WithData(func(d []float32) {
		cgotorch.Fill(*theirs.T, -1)
		assert.Equal(t, []float32{-1, -1, -1, -1}, d, "the very same memory")
	}))
	require.NoError(t, ours.Close())
	assert.Equal(t, 1, cgotorch.Users(*theirs.T))
	assert.Equal(t, []float32{-1, -1, -1, -1}, cgotorch.Read(*theirs.T))
	theirs.Close()
	assert.Nil(t, theirs.T)
}

// A gotorch tensor that is forgotten is freed by gotorch's finalizer.
func TestToGotorchForgotten(t *testing.T) {
	ours, err := torch.FromSlice([]float32{1}, 1)
	require.NoError(t, err)
	defer ours.Close()
	mine, err := ours.NewUnsafe() // looks at the storage
	require.NoError(t, err)
	defer cgotorch.Close(mine)
	forget := func() {
		for range 20 {
			_, err := exchange.ToGotorch(ours)
			require.NoError(t, err)
		}
	}
	forget()
	require.Eventually(t, func() bool { runtime.GC(); return cgotorch.Users(mine) == 2 }, 5*time.Second, 10*time.Millisecond)
}

// There and back again is the same memory, whatever its strides.
func TestRoundTrip(t *testing.T) {
	theirs := made([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	defer theirs.Close()
	view := cgotorch.Transposed(*theirs.T)
	gotorch.SetTensorFinalizer(&view)
	ours, err := exchange.FromGotorch(gotorch.Tensor{T: &view})
	require.NoError(t, err)
	defer ours.Close()
	assert.Equal(t, []int{3, 2}, ours.Shape())
	got, err := ours.Float32s()
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 4, 2, 5, 3, 6}, got, "copied out row-major")
	err = ours.WithData(func([]float32) { t.Error("memory in another order was lent") })
	require.ErrorIs(t, err, torch.ErrInvalid)

	back, err := exchange.ToGotorch(ours)
	require.NoError(t, err)
	defer back.Close()
	cgotorch.Fill(*back.T, 9)
	assert.Equal(t, []float32{9, 9, 9, 9, 9, 9}, cgotorch.Read(*theirs.T))
}

func TestRefusals(t *testing.T) {
	var empty unsafe.Pointer
	for _, closed := range []gotorch.Tensor{{}, {T: &empty}} {
		x, err := exchange.FromGotorch(closed)
		require.Nil(t, x)
		require.ErrorContains(t, err, "closed or never made")
	}
	ours, err := torch.FromSlice([]float32{1}, 1)
	require.NoError(t, err)
	require.NoError(t, ours.Close())
	theirs, err := exchange.ToGotorch(ours)
	require.ErrorIs(t, err, torch.ErrClosed)
	require.Nil(t, theirs.T)
}

// What it is for: a network trained with gotorch's tensors around it, explained
// by torchlight, and the gradient back as a gotorch tensor.
func TestExplain(t *testing.T) {
	ctx := context.Background()
	m, err := torch.Load("../../testdata/models/inplace_relu_after/script.pt")
	require.NoError(t, err)
	defer m.Close()
	h, err := m.Hook("conv")
	require.NoError(t, err)
	defer h.Close()
	data := make([]float32, 3*8*8)
	for i := range data {
		data[i] = float32(i%7) - 3
	}

	explain := func() []float32 {
		photo := made(data, 1, 3, 8, 8)
		defer photo.Close()
		x, err := exchange.FromGotorch(photo)
		require.NoError(t, err)
		defer x.Close()
		p, err := h.Forward(ctx, x)
		require.NoError(t, err)
		defer p.Close()
		oneHot := made([]float32{0, 1, 0}, 1, 3)
		defer oneHot.Close()
		cotangent, err := exchange.FromGotorch(oneHot)
		require.NoError(t, err)
		defer cotangent.Close()
		g, err := p.Backward(ctx, cotangent)
		require.NoError(t, err)
		defer g[0].Close()
		gradient, err := exchange.ToGotorch(g[0])
		require.NoError(t, err)
		defer gradient.Close()
		want, err := g[0].Float32s()
		require.NoError(t, err)
		got := cgotorch.Read(*gradient.T)
		assert.Equal(t, want, got)
		return got
	}
	first := explain()
	assert.NotEqual(t, make([]float32, len(first)), first)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				assert.Equal(t, first, explain())
			}
		})
	}
	wg.Wait()
	assert.Equal(t, torch.Live{Modules: 1, Hooks: 1}, torch.Stats())
}
