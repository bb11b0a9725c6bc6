//go:build cgo

package torch_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// Every model in every form, plainly and fused, three times each: outputs named
// as the manifest names them, with the values of eager Python.
func TestForwardAndPredict(t *testing.T) {
	kinds := map[string]bool{}
	for _, c := range readManifest(t).Cases {
		if len(c.Outputs) == 0 {
			continue // its output depends on the run
		}
		for form := range c.Files {
			t.Run(c.Name+"/"+form, func(t *testing.T) {
				m := c.load(t, form)
				in := c.inputs(t)
				for i := range 3 {
					plain, err := m.Forward(context.Background(), in...)
					require.NoError(t, err)
					requireOutputs(t, c, plain)
					if c.Name == "batchnorm_train" {
						continue // refused, see TestLayerRefusals
					}
					fused, err := m.PredictTensors(context.Background(), in...)
					require.NoError(t, err, "run %d", i)
					requireOutputs(t, c, fused)
				}
			})
		}
		for _, o := range c.Outputs {
			kinds[o.Name] = true
		}
	}
	for _, name := range []string{"", "0", "1", "logits", "1.boxes", "1.count"} {
		assert.True(t, kinds[name], "no case has an output %q", name)
	}
}

// requireOutputs compares values, names and their order, and closes them.
func requireOutputs(t *testing.T, c testCase, got torch.Values) {
	t.Helper()
	require.Len(t, got, len(c.Outputs))
	for i, o := range c.Outputs {
		require.Equal(t, o.Name, got[i].Name)
		requireClose(t, readArray(t, o.File), got[i].Tensor, c.Tolerance, "output "+o.Name)
	}
	require.NoError(t, got.Close())
}

func TestValues(t *testing.T) {
	c := readCase(t, "nested_output")
	v, err := c.load(t, "script").Forward(context.Background(), c.inputs(t)...)
	require.NoError(t, err)
	defer v.Close()
	assert.Same(t, v[1].Tensor, v.Get("1.boxes"))
	assert.Nil(t, v.Get("2"))
	assert.Same(t, v[0].Tensor, v.Float())
	assert.Equal(t, torch.Int64, v.Get("1.count").DType())
	assert.Nil(t, v[2:].Float(), "no floating-point tensor among integers")
	assert.Nil(t, torch.Values(nil).Float())
}

// The same file from memory is the same model, bit for bit.
func TestLoadReader(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"frozen_toy", "half_model", "quantised_before", "dict_output"} {
		c := readCase(t, name)
		for form, file := range c.Files {
			data, err := os.ReadFile(filepath.Join(models, file))
			require.NoError(t, err)
			m, err := torch.LoadReader(bytes.NewReader(data), file)
			require.NoError(t, err)
			clear(data) // the model has read what it needs
			fromFile := c.load(t, form)
			assert.Equal(t, fromFile.Submodules(), m.Submodules())
			assert.Equal(t, fromFile.DTypeName(), m.DTypeName())
			want, err := fromFile.Forward(ctx, c.inputs(t)...)
			require.NoError(t, err)
			got, err := m.Forward(ctx, c.inputs(t)...)
			require.NoError(t, err)
			for i := range want {
				assert.Equal(t, floats(t, want[i].Tensor), floats(t, got[i].Tensor), "%s/%s", name, form)
			}
			require.NoError(t, want.Close())
			require.NoError(t, got.Close())
			require.NoError(t, m.Close())
		}
	}
}

func floats(t testing.TB, x *torch.Tensor) []float32 {
	t.Helper()
	f, err := x.Float32s()
	require.NoError(t, err)
	return f
}

// What a module says about itself, as Python prints it.
func TestModuleDescription(t *testing.T) {
	tree := func(m *torch.Module) (s string) {
		for _, x := range m.Submodules() {
			s += x.Path + ":" + x.Type + " "
		}
		return strings.TrimSpace(s)
	}
	for _, c := range []struct {
		model, form, tree, inputs, dtype string
		count, bytes                     int
		frozen                           bool
	}{
		{"residual_inplace", "script", "conv1:Conv2d bn1:BatchNorm2d relu:ReLU conv2:Conv2d bn2:BatchNorm2d downsample:Sequential " +
			"downsample.0:Conv2d downsample.1:BatchNorm2d head:Sequential head.0:AdaptiveAvgPool2d head.1:Flatten head.2:Linear",
			"x", "float32", 303, 1212, false},
		{"residual_inplace", "trace", "conv1:Conv2d bn1:BatchNorm2d relu:ReLU conv2:Conv2d bn2:BatchNorm2d downsample:Sequential " +
			"downsample.0:Conv2d downsample.1:BatchNorm2d head:Sequential head.0:AdaptiveAvgPool2d head.1:Flatten head.2:Linear",
			"x", "float32", 303, 1212, false},
		{"residual_inplace", "frozen", "", "x", "float32", 0, 0, true},
		{"two_inputs", "script", "conv:Conv2d side:Linear head:Sequential head.0:AdaptiveAvgPool2d head.1:Flatten head.2:Linear",
			"x, z", "float32", 145, 580, false},
		{"half_model", "trace", "conv:Conv2d bn:BatchNorm2d relu:ReLU head:Sequential head.0:AdaptiveAvgPool2d head.1:Flatten head.2:Linear",
			"x", "float16", 135, 270, false},
		{"half_model", "frozen", "", "x", "float16", 0, 0, true},
		{"bfloat16_model", "script", "conv:Conv2d bn:BatchNorm2d relu:ReLU head:Sequential head.0:AdaptiveAvgPool2d head.1:Flatten head.2:Linear",
			"x", "bfloat16", 135, 270, false},
		{"float64_model", "script", "conv:Conv2d bn:BatchNorm2d relu:ReLU head:Sequential head.0:AdaptiveAvgPool2d head.1:Flatten head.2:Linear",
			"x", "float64", 135, 1080, false},
	} {
		t.Run(c.model+"/"+c.form, func(t *testing.T) {
			m := readCase(t, c.model).load(t, c.form)
			assert.Equal(t, c.tree, tree(m))
			assert.Equal(t, c.inputs, strings.Join(m.Inputs(), ", "))
			assert.Equal(t, c.dtype, m.DTypeName())
			assert.Equal(t, c.frozen, m.Frozen())
			assert.Equal(t, torch.CPU, m.Device())
			count, size := m.Parameters()
			assert.Equal(t, c.count, count)
			assert.Equal(t, c.bytes, size)
		})
	}
	m := readCase(t, "two_inputs").load(t, "script")
	m.Submodules()[0].Path, m.Inputs()[0] = "changed", "changed"
	assert.Equal(t, "conv", m.Submodules()[0].Path, "what is returned is the caller's")
	assert.Equal(t, "x", m.Inputs()[0])
}

// Floats of any width are converted to the model's type.
func TestInputConversion(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"frozen_toy", "half_model", "float64_model", "bfloat16_model"} {
		c := readCase(t, name)
		m := c.load(t, "script")
		x := c.inputs(t)[0]
		for _, d := range []torch.DType{torch.Float16, torch.Float32, torch.Float64, torch.BFloat16} {
			narrow, err := x.To(d, torch.CPU)
			require.NoError(t, err)
			v, err := m.Forward(ctx, narrow)
			require.NoError(t, err, "%s given %v", name, d)
			assert.Equal(t, m.DTypeName(), v[0].Tensor.DType().String(), "and answers in its own")
			// Rounding the input to bfloat16 costs two decimal digits.
			requireClose(t, readArray(t, c.Outputs[0].File), v[0].Tensor, max(c.Tolerance, 0.05), name)
			require.NoError(t, v.Close())
			require.NoError(t, narrow.Close())
		}
	}
}
