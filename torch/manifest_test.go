package torch_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/npy"
	"github.com/torchlight-go/torchlight/torch"
)

// testdata/models holds one tiny network per sharp edge of cutting a graph, with
// the values that eager Python computes; its README describes the manifest.
const models = "../testdata/models"

type manifest struct {
	Cases  []testCase
	Broken []struct{ File, Kind, About string }
}

type testCase struct {
	Name, About, DType string
	Files              map[string]string
	Inputs             []string
	Outputs            []struct{ Name, File string }
	Target             *struct {
		Output, Cotangent string
		Index             int
	}
	Layers    []testLayer
	Together  [][]string
	Tolerance float64
}

type testLayer struct {
	Layer, Activation, Gradient, Refused, Method string
	Either, Fallback                             bool
	NeverCalled                                  bool `json:"never_called"`
	Frozen                                       *string
}

func readManifest(t testing.TB) manifest {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(models, "manifest.json"))
	require.NoError(t, err)
	var m manifest
	require.NoError(t, json.Unmarshal(raw, &m))
	require.NotEmpty(t, m.Cases)
	return m
}

func readCase(t testing.TB, name string) testCase {
	t.Helper()
	for _, c := range readManifest(t).Cases {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no case "+name)
	return testCase{}
}

func readArray(t testing.TB, file string) engine.Array {
	t.Helper()
	f, err := os.Open(filepath.Join(models, file))
	require.NoError(t, err)
	defer f.Close()
	a, err := npy.Read(f)
	require.NoError(t, err, file)
	return a
}

func readTensor(t testing.TB, file string) *torch.Tensor {
	t.Helper()
	return tensor(t, readArray(t, file))
}

func tensor(t testing.TB, a engine.Array) *torch.Tensor {
	t.Helper()
	var x *torch.Tensor
	var err error
	if a.Ints != nil {
		x, err = torch.FromSlice(a.Ints, a.Shape...)
	} else {
		x, err = torch.FromSlice(a.Data, a.Shape...)
	}
	require.NoError(t, err)
	t.Cleanup(func() { x.Close() })
	return x
}

func (c testCase) load(t testing.TB, form string, opts ...torch.Option) *torch.Module {
	t.Helper()
	m, err := torch.Load(filepath.Join(models, c.Files[form]), opts...)
	require.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

func (c testCase) inputs(t testing.TB) []*torch.Tensor {
	t.Helper()
	var in []*torch.Tensor
	for _, f := range c.Inputs {
		in = append(in, readTensor(t, f))
	}
	return in
}

// address is the layer's address in a form of the file, "" if it has none there.
func (l testLayer) address(form string) string {
	if form != "frozen" {
		// Both names of a shared module mean all of its calls.
		shared := map[string]string{"trace/first": "first@0", "trace/second": "second@1"}
		if a, ok := shared[form+"/"+l.Layer]; ok {
			return a
		}
		return l.Layer
	}
	if l.Frozen == nil {
		return ""
	}
	return *l.Frozen
}

// close to a reference array, relative to its largest value.
func requireClose(t testing.TB, want engine.Array, got *torch.Tensor, tolerance float64, what string) {
	t.Helper()
	require.Equal(t, want.Shape, got.Shape(), what)
	if want.Ints != nil {
		v, err := torch.ToSlice[int64](got)
		require.NoError(t, err)
		require.Equal(t, want.Ints, v, what)
		return
	}
	v, err := got.Float32s()
	require.NoError(t, err)
	var scale, worst float64
	for i, w := range want.Data {
		if w != w { // NaN
			require.True(t, v[i] != v[i], "%s: element %d is %v, want NaN", what, i, v[i])
			continue
		}
		scale = max(scale, abs(float64(w)))
		worst = max(worst, abs(float64(v[i])-float64(w)))
	}
	require.LessOrEqual(t, worst, tolerance*scale, what)
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}
