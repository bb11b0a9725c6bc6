package npy

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

func TestWriteIsByteForByteNumpys(t *testing.T) {
	for _, name := range []string{"f4.npy", "scalar.npy", "vector.npy", "empty.npy", "batch.npy", "half_as_f4.npy"} {
		want, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		a, err := Read(bytes.NewReader(want))
		require.NoError(t, err)
		var got bytes.Buffer
		require.NoError(t, Write(&got, a))
		assert.Equal(t, want, got.Bytes(), name)
	}
}

func TestWriteKeepsEveryBit(t *testing.T) {
	a := engine.Array{Shape: []int{5}, Data: []float32{
		float32(math.Inf(1)), float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, math.MaxFloat32, float32(math.NaN())}}
	var b bytes.Buffer
	require.NoError(t, Write(&b, a))
	got, err := Read(&b)
	require.NoError(t, err)
	for i := range a.Data {
		assert.Equal(t, math.Float32bits(a.Data[i]), math.Float32bits(got.Data[i]))
	}
}

func TestWriteManyPieces(t *testing.T) {
	a := engine.NewArray(3, 77, 331)
	for i := range a.Data {
		a.Data[i] = float32(i) / 7
	}
	var b bytes.Buffer
	require.NoError(t, Write(&b, a))
	got, err := Read(&b)
	require.NoError(t, err)
	assert.Equal(t, a, got)
}

func TestWriteIntegers(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, engine.Array{Shape: []int{3}, Ints: []int64{-3, 0, 1 << 24}}))
	got, err := Read(&b)
	require.NoError(t, err)
	assert.Equal(t, engine.Array{Shape: []int{3}, Data: []float32{-3, 0, 1 << 24}}, got)
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct {
		a    engine.Array
		want string
	}{
		{engine.Array{}, "npy: engine: shape [] wants 1 elements, got 0"},
		{engine.Array{Shape: []int{2, 2}, Data: make([]float32, 3)}, "npy: engine: shape [2 2] wants 4 elements, got 3"},
		{engine.Array{Shape: []int{2}, Ints: []int64{1, 1<<24 + 1}}, "npy: element 1 is 16777217, which float32 cannot hold exactly"},
		{engine.Array{Shape: []int{1}, Ints: []int64{math.MaxInt64}}, "npy: element 0 is 9223372036854775807, which float32 cannot hold exactly"},
	} {
		var b bytes.Buffer
		require.EqualError(t, Write(&b, c.a), c.want)
		assert.Zero(t, b.Len(), "nothing written")
		path := filepath.Join(t.TempDir(), "x.npy")
		require.EqualError(t, WriteFile(path, c.a), "write "+path+": "+c.want)
		assert.NoFileExists(t, path)
	}
}

type brokenPipe struct{ after int }

var errPipe = errors.New("broken pipe")

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.after -= len(b); p.after < 0 {
		return 0, errPipe
	}
	return len(b), nil
}

func TestWritePassesTheWritersErrorOn(t *testing.T) {
	for _, after := range []int{0, 128} {
		assert.ErrorIs(t, Write(&brokenPipe{after}, engine.NewArray(3)), errPipe)
	}
}

func BenchmarkWrite(b *testing.B) {
	a := engine.NewArray(1, 3, 224, 224)
	b.SetBytes(int64(4 * a.Len()))
	for b.Loop() {
		if err := Write(io.Discard, a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	a := engine.NewArray(1, 3, 224, 224)
	var buf bytes.Buffer
	require.NoError(b, Write(&buf, a))
	b.SetBytes(int64(4 * a.Len()))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(buf.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
