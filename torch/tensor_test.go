//go:build cgo

package torch_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// shapes that every element type is taken through: an image, a scalar, nothing,
// nothing along one axis.
var roundTrips = []struct {
	shape []int
	n     int
}{
	{[]int{2, 3}, 6}, {[]int{6}, 6}, {[]int{1, 2, 1, 3, 1}, 6}, {nil, 1}, {[]int{0}, 0}, {[]int{2, 0, 3}, 0},
}

// roundTrip copies values in and out again and expects them bit for bit.
func roundTrip[T torch.Element](t *testing.T, dtype torch.DType, values [6]T) {
	for _, c := range roundTrips {
		t.Run(fmt.Sprintf("%v%v", dtype, c.shape), func(t *testing.T) {
			data := append([]T{}, values[:c.n]...)
			x, err := torch.FromSlice(data, c.shape...)
			require.NoError(t, err)
			defer x.Close()
			clear(data) // the tensor has a copy
			assert.Equal(t, dtype, x.DType())
			assert.Equal(t, torch.CPU, x.Device())
			assert.Equal(t, append([]int{}, c.shape...), x.Shape())
			got, err := torch.ToSlice[T](x)
			require.NoError(t, err)
			assert.Equal(t, append([]T{}, values[:c.n]...), got)
		})
	}
}

func TestTensorRoundTrip(t *testing.T) {
	roundTrip(t, torch.Float32, [6]float32{0, -1.5, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(-1)), 3})
	roundTrip(t, torch.Float64, [6]float64{0, -1.5, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Pi})
	roundTrip(t, torch.Int64, [6]int64{0, -1, math.MaxInt64, math.MinInt64, 1 << 53, 7})
	roundTrip(t, torch.Uint8, [6]uint8{0, 1, 127, 128, 254, 255})
	roundTrip(t, torch.Bool, [6]bool{true, false, true, true, false, false})
	// Zero, one, the largest finite value, the smallest subnormal, -inf, a NaN
	// with its payload.
	roundTrip(t, torch.Float16, [6]torch.Half{0, 0x3c00, 0x7bff, 0x0001, 0xfc00, 0x7e01})
	roundTrip(t, torch.BFloat16, [6]torch.Brain{0, 0x3f80, 0x7f7f, 0x0001, 0xff80, 0x7fc1})
}

// What torch.tensor(v).to(dtype) gives: floats are rounded to the nearest even
// value, integers cut towards zero, and bool is "not zero".
func TestTensorConversion(t *testing.T) {
	x, err := torch.FromSlice([]float32{0, 1, -2.75, 65504, 1.0009765625, 0.1}, 6)
	require.NoError(t, err)
	defer x.Close()

	f64, err := torch.ToSlice[float64](x)
	require.NoError(t, err)
	assert.Equal(t, []float64{0, 1, -2.75, 65504, 1.0009765625, float64(float32(0.1))}, f64)
	ints, err := torch.ToSlice[int64](x)
	require.NoError(t, err)
	assert.Equal(t, []int64{0, 1, -2, 65504, 1, 0}, ints)
	bools, err := torch.ToSlice[bool](x)
	require.NoError(t, err)
	assert.Equal(t, []bool{false, true, true, true, true, true}, bools)
	half, err := torch.ToSlice[torch.Half](x)
	require.NoError(t, err)
	assert.Equal(t, []torch.Half{0, 0x3c00, 0xc180, 0x7bff, 0x3c01, 0x2e66}, half)
	brain, err := torch.ToSlice[torch.Brain](x)
	require.NoError(t, err)
	assert.Equal(t, []torch.Brain{0, 0x3f80, 0xc030, 0x4780, 0x3f80, 0x3dcd}, brain)

	for _, dtype := range []torch.DType{torch.Uint8, torch.Int8, torch.Int16, torch.Int32, torch.Int64,
		torch.Float16, torch.Float32, torch.Float64, torch.Bool, torch.BFloat16} {
		y, err := torch.FromSlice([]float32{0, 1, 1}, 3)
		require.NoError(t, err)
		z, err := y.To(dtype, torch.CPU)
		require.NoError(t, err, dtype)
		assert.Equal(t, dtype, z.DType())
		got, err := z.Float32s() // 0 and 1 survive every type
		require.NoError(t, err, dtype)
		assert.Equal(t, []float32{0, 1, 1}, got, dtype)
		require.NoError(t, y.Close())
		require.NoError(t, z.Close())
	}
}

func TestDType(t *testing.T) {
	names := map[torch.DType]string{
		torch.Uint8: "uint8", torch.Int8: "int8", torch.Int16: "int16", torch.Int32: "int32", torch.Int64: "int64",
		torch.Float16: "float16", torch.Float32: "float32", torch.Float64: "float64", torch.Bool: "bool", torch.BFloat16: "bfloat16",
	}
	for d, name := range names {
		assert.Equal(t, name, d.String())
		assert.Equal(t, name == "float16" || name == "float32" || name == "float64" || name == "bfloat16", d.IsFloat(), name)
	}
	assert.Equal(t, "scalar type 99", torch.DType(99).String())
}

func TestTensorRefusals(t *testing.T) {
	for _, c := range []struct {
		n     int
		shape []int
		want  string
	}{
		{5, []int{2, 3}, "wants 6 elements, got 5"},
		{7, []int{2, 3}, "wants 6 elements, got 7"},
		{0, nil, "wants 1 elements, got 0"},
		{1, []int{-1}, "extent -1 of axis 0 is negative"},
		{1, []int{-1, -1}, "extent -1 of axis 0 is negative"},
		{0, []int{1 << 32, 1 << 32}, "too large"}, // the product is 0 modulo 2^64
		{0, []int{0, 1 << 62, 4}, "too large"},    // so are the strides
		{0, []int{math.MaxInt, math.MaxInt}, "too large"},
	} {
		x, err := torch.FromSlice(make([]float32, c.n), c.shape...)
		require.Nil(t, x)
		requireError(t, err, torch.ErrInvalid, fmt.Sprint(c.shape), c.want)
	}

	x, err := torch.FromSlice([]float32{1}, 1)
	require.NoError(t, err)
	defer x.Close()
	_, err = x.To(torch.DType(99), torch.CPU)
	requireError(t, err, torch.ErrInvalid, "scalar type 99", "torch.Float32")
	_, err = torch.FromUnsafe(nil)
	requireError(t, err, torch.ErrInvalid, "foreign tensor", "nil")
}

func TestWithData(t *testing.T) {
	x, err := torch.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	require.NoError(t, err)
	defer x.Close()
	var first, second []float32
	require.NoError(t, x.WithData(func(d []float32) { first = d; assert.Equal(t, []float32{1, 2, 3, 4}, d) }))
	require.NoError(t, x.WithData(func(d []float32) { second = d }))
	assert.Same(t, &first[0], &second[0], "lent, not copied")

	half, err := x.To(torch.Float16, torch.CPU)
	require.NoError(t, err)
	defer half.Close()
	err = half.WithData(func([]float32) { t.Error("a half tensor was lent as float32") })
	requireError(t, err, torch.ErrInvalid, "contiguous float32", "copy it")

	empty, err := torch.FromSlice([]float32{}, 0, 3)
	require.NoError(t, err)
	defer empty.Close()
	require.NoError(t, empty.WithData(func(d []float32) { assert.Empty(t, d) }))
}

// The pointer exchange with other bindings: two tensors, one storage.
func TestUnsafe(t *testing.T) {
	before := torch.Stats().Tensors
	a, err := torch.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	require.NoError(t, err)
	p, err := a.NewUnsafe()
	require.NoError(t, err)
	require.NotNil(t, p)
	b, err := torch.FromUnsafe(p)
	require.NoError(t, err)
	assert.Equal(t, before+2, torch.Stats().Tensors)
	assert.Equal(t, []int{2, 3}, b.Shape())

	var da, db []float32
	require.NoError(t, a.WithData(func(d []float32) { da = d }))
	require.NoError(t, b.WithData(func(d []float32) { db = d }))
	assert.Same(t, &da[0], &db[0], "the storage is shared")

	// Each side frees its own; the storage lives while either does.
	require.NoError(t, a.Close())
	runtime.GC()
	got, err := b.Float32s()
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 2, 3, 4, 5, 6}, got)
	require.NoError(t, b.Close())
	assert.Equal(t, before, torch.Stats().Tensors)
	// p is the caller's; freeing an at::Tensor needs C++: see examples/gotorch.
}
