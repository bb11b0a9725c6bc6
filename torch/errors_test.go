//go:build cgo

package torch_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// Files that are no models. The manifest names what is wrong with each.
func TestBrokenFiles(t *testing.T) {
	const export = "export the module with scripts/export.py"
	kinds := map[string]struct {
		kind  error
		parts []string
	}{
		"state_dict":       {torch.ErrStateDict, []string{export}},
		"pickle":           {torch.ErrStateDict, []string{"a pickle", export}},
		"not_torchscript":  {torch.ErrNotTorchScript, []string{"without data.pkl", export}},
		"truncated":        {torch.ErrCorrupt, []string{"truncated", "copy or export it again"}},
		"not_zip":          {torch.ErrNotTorchScript, []string{"export"}},
		"corrupt":          {torch.ErrCorrupt, []string{"copy or export it again"}},
		"newer_version":    {torch.ErrNewerFile, []string{"file format version 99", "reads up to 10", "newer libtorch"}},
		"missing_operator": {torch.ErrUnknownOperator, []string{"nosuch::frobnicate", "torch.LoadOps"}},
	}
	before := torch.Stats()
	for _, b := range readManifest(t).Broken {
		t.Run(b.File, func(t *testing.T) {
			want, known := kinds[b.Kind]
			require.True(t, known, b.Kind)
			path := filepath.Join(models, b.File)
			m, err := torch.Load(path)
			require.Nil(t, m)
			requireError(t, err, want.kind, append(want.parts, path)...)

			data, err := os.ReadFile(path)
			require.NoError(t, err)
			m, fromMemory := torch.LoadReader(bytes.NewReader(data), path)
			require.Nil(t, m)
			requireError(t, fromMemory, want.kind, append(want.parts, path)...)
		})
	}
	assert.Equal(t, before, torch.Stats(), "a file that cannot be loaded leaves nothing behind")
}

func TestLoadRefusals(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.pt")
	_, err := torch.Load(missing)
	requireError(t, err, fs.ErrNotExist, missing, "no such file")
	folder := t.TempDir()
	_, err = torch.Load(folder)
	requireError(t, err, torch.ErrNotTorchScript, folder, "a folder")
	_, err = torch.Load("zero\x00byte")
	require.Error(t, err)
	_, err = torch.LoadReader(iotest.ErrReader(io.ErrUnexpectedEOF), "upload")
	requireError(t, err, io.ErrUnexpectedEOF, "upload")

	missing = filepath.Join(t.TempDir(), "none.so")
	requireError(t, torch.LoadOps(missing), fs.ErrNotExist, missing, "no such file")
	text := filepath.Join(t.TempDir(), "text.so")
	require.NoError(t, os.WriteFile(text, []byte("no library"), 0o600))
	requireError(t, torch.LoadOps(text), torch.ErrInvalid, text, "cannot load the operator library", "shared library")
	requireError(t, torch.SetNumThreads(0), torch.ErrInvalid, "threads", "at least 1, got 0")
	requireError(t, torch.SetNumThreads(-3), torch.ErrInvalid, "at least 1, got -3")
}

// One flipped bit in the weights is found by the checksum, and let pass on request.
func TestChecksums(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(models, "frozen_toy", "script.pt"))
	require.NoError(t, err)
	// The last record before the central directory's weights: a float 1.0 of
	// conv1, whose bytes are stored as they are.
	at := bytes.LastIndex(whole, []byte{0, 0, 0x80, 0x3f})
	require.Positive(t, at)
	damaged := bytes.Clone(whole)
	damaged[at] ^= 1

	_, err = torch.LoadReader(bytes.NewReader(damaged), "damaged.pt")
	requireError(t, err, torch.ErrCorrupt, "damaged.pt", "checksum", "copy or export it again", "torch.WithoutChecksums")
	m, err := torch.LoadReader(bytes.NewReader(damaged), "damaged.pt", torch.WithoutChecksums())
	require.NoError(t, err)
	require.NoError(t, m.Close())
}

// zeros is an input of zeros.
func zeros(t testing.TB, shape ...int) *torch.Tensor {
	t.Helper()
	n := 1
	for _, d := range shape {
		n *= d
	}
	x, err := torch.FromSlice(make([]float32, n), shape...)
	require.NoError(t, err)
	t.Cleanup(func() { x.Close() })
	return x
}

func negative(t testing.TB, shape ...int) *torch.Tensor {
	t.Helper()
	a := engine.NewArray(shape...)
	for i := range a.Data {
		a.Data[i] = -1
	}
	return tensor(t, a)
}

func integers(t testing.TB, shape ...int) *torch.Tensor {
	t.Helper()
	x, err := zeros(t, shape...).To(torch.Int64, torch.CPU)
	require.NoError(t, err)
	t.Cleanup(func() { x.Close() })
	return x
}

// Inputs that a model cannot take, by all three ways of running it.
func TestInputRefusals(t *testing.T) {
	const bakedIn = "a trace has the shapes of its example baked in"
	for _, c := range []struct {
		model, form, layer string
		inputs             func(t *testing.T) []*torch.Tensor
		kind               error
		parts              []string
	}{
		{"inplace_relu_after", "script", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 2, 5, 8, 8)} },
			torch.ErrModel, []string{"float32[2 5 8 8]", "3 channels", "check the number of channels"}},
		{"inplace_relu_after", "trace", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 1, 1, 8, 8)} },
			torch.ErrModel, []string{"float32[1 1 8 8]", "3 channels", "check the number of channels"}},
		{"view_crossing", "script", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 2, 3, 9, 7)} },
			torch.ErrModel, []string{"float32[2 3 9 7]", "check the shape"}},
		{"inplace_relu_after", "frozen", "#conv2d:0", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 8, 8)} },
			torch.ErrModel, []string{"float32[8 8]", "check the shape"}},
		{"inplace_relu_after", "script", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 5, 8, 8)} },
			torch.ErrModel, []string{"float32[5 8 8]", "save one as (1,C,H,W)"}},
		{"inplace_relu_after", "script", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{integers(t, 2, 3, 8, 8)} },
			torch.ErrModel, []string{"int64[2 3 8 8]", "give floats"}},
		{"int_input_embedding", "script", "embedding", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 2, 7)} },
			torch.ErrModel, []string{"float32[2 7]", "give integers"}},
		{"trace_fixed_batch", "trace", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 3, 3, 8, 8)} },
			torch.ErrModel, []string{"float32[3 3 8 8]", bakedIn, "torch.jit.script"}},
		{"trace_fixed_size", "trace", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 2, 3, 12, 12)} },
			torch.ErrModel, []string{"float32[2 3 12 12]", bakedIn, "torch.jit.script"}},
		{"raises", "script", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{negative(t, 2, 3, 8, 8)} },
			torch.ErrModel, []string{"float32[2 3 8 8]: ValueError: want pixels from 0 to 1, got a negative one", "the model's own code"}},
		{"inplace_relu_after", "script", "conv", func(*testing.T) []*torch.Tensor { return nil },
			torch.ErrInvalid, []string{"takes 1 input(s) (x), got 0"}},
		{"inplace_relu_after", "script", "conv", func(t *testing.T) []*torch.Tensor { x := zeros(t, 2, 3, 8, 8); return []*torch.Tensor{x, x} },
			torch.ErrInvalid, []string{"takes 1 input(s) (x), got 2"}},
		{"two_inputs", "trace", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 2, 3, 8, 8)} },
			torch.ErrInvalid, []string{"takes 2 input(s) (x, z), got 1"}},
		{"two_inputs", "script", "conv", func(t *testing.T) []*torch.Tensor { return []*torch.Tensor{zeros(t, 2, 3, 8, 8), nil} },
			torch.ErrInvalid, []string{"tensor 1: nil"}},
	} {
		t.Run(c.model+strings.Join(c.parts, " "), func(t *testing.T) {
			ctx := context.Background()
			m := readCase(t, c.model).load(t, c.form)
			h, err := m.Hook(c.layer)
			require.NoError(t, err)
			defer h.Close()
			in := c.inputs(t)
			for name, run := range map[string]func() error{
				"Forward": func() error { _, err := m.Forward(ctx, in...); return err },
				"Predict": func() error { _, err := m.PredictTensors(ctx, in...); return err },
				"Hook":    func() error { _, err := h.Forward(ctx, in...); return err },
			} {
				parts := c.parts
				if !strings.HasPrefix(parts[0], "tensor") {
					parts = append([]string{filepath.Join(models, readCase(t, c.model).Files[c.form])}, parts...)
				}
				for range 2 { // a refusal changes nothing
					t.Run(name, func(t *testing.T) { requireError(t, run(), c.kind, parts...) })
				}
			}
		})
	}
}

// Layers that cannot be hooked. err is that of the hook, or of its first pass.
func TestLayerRefusals(t *testing.T) {
	for _, c := range []struct {
		model, form, layer string
		kind               error
		parts              []string
	}{
		{"multi_layer", "script", "rigth", torch.ErrUnknownLayer, []string{"no submodule rigth", "did you mean right"}},
		{"multi_layer", "script", "right.7", torch.ErrUnknownLayer, []string{"did you mean right.0"}},
		{"multi_layer", "script", "qqqqqqqqqqqq", torch.ErrUnknownLayer, []string{"torchlight layers"}},
		{"multi_layer", "script", "", torch.ErrInvalid, []string{"empty layer name"}},
		{"multi_layer", "script", "left\x00right", torch.ErrInvalid, []string{`"left\x00right"`}},
		{"multi_layer", "script", "left@one", torch.ErrInvalid, []string{"left@one", `"one" is no number`}},
		{"multi_layer", "script", "#conv2d", torch.ErrInvalid, []string{"#op:index"}},
		{"multi_layer", "script", "left@3", torch.ErrLayerNeverCalled, []string{"left@3", "called 1 time(s)", "choose left@0"}},
		{"called_twice", "script", "conv@2", torch.ErrLayerNeverCalled, []string{"conv@2", "called 2 time(s)", "choose conv@0 to conv@1"}},
		{"multi_layer", "script", "left:0.0:1", torch.ErrInvalid, []string{"left:0.0:1"}},
		{"multi_layer", "script", "left:3", torch.ErrLayerNotTensor, []string{"left:3", "leave out :3"}},
		{"frozen_toy", "frozen", "conv1", torch.ErrFrozen, []string{"conv1", "frozen", "#op:index", "#conv2d (1)", "#relu (2)"}},
		{"frozen_toy", "frozen", "#batch_norm:0", torch.ErrUnknownLayer, []string{"no node #batch_norm", "#conv2d (1)"}},
		{"frozen_toy", "frozen", "#relu:2", torch.ErrUnknownLayer, []string{"#relu:2", "numbered 0 to 1"}},
		{"frozen_toy", "frozen", "#relu:-3", torch.ErrUnknownLayer, []string{"#relu:-3", "numbered 0 to 1"}},
		{"layer_never_called", "script", "unused", torch.ErrLayerNeverCalled, []string{"unused", "never called", "choose one that is"}},
		{"in_if", "script", "other", torch.ErrLayerNotCalled, []string{"other", "branch", "choose"}},
		{"in_loop", "script", "conv@9", torch.ErrLayerNotCalled, []string{"conv@9", "ran 2 time(s)", "numbered from 0"}},
		{"multi_layer", "script", "#conv2d:0@", torch.ErrInvalid, []string{"#conv2d:0@", "is no number"}},
		{"in_loop", "script", "conv", torch.ErrLayerAmbiguous, []string{"conv is called 2 times", "conv@0", "conv@1"}},
		{"called_twice", "trace", "conv", torch.ErrLayerAmbiguous, []string{"conv is called 2 times", "conv@0", "conv@1"}},
		{"no_tensor_output", "script", "shape", torch.ErrLayerNotTensor, []string{"shape returns a List[int]", "choose another layer"}},
		{"tuple_output_module", "script", "split", torch.ErrLayerNotTensor, []string{"Tuple[Tensor, Tensor]", "split:0"}},
		{"tuple_output_module", "script", "split:2", torch.ErrLayerNotTensor, []string{"split:2", "2 elements"}},
		{"identity_returned", "script", "drop", torch.ErrAliasing, []string{"drop", "shares memory with the result of aten::", "before or after"}},
		{"view_crossing_inplace", "script", "flatten", torch.ErrAliasing, []string{"flatten", "shares memory", "before or after"}},
		{"written_through_view", "script", "pair:0", torch.ErrAliasing, []string{"aten::view", "shares the layer's value", "before or after"}},
		{"order_dependent", "script", "conv", torch.ErrStateful, []string{"attribute seen", "order of calls", "export"}},
		{"order_dependent_buffer", "trace", "conv", torch.ErrStateful, []string{"order of calls", "export"}},
		{"train_mode_trace", "trace", "conv", torch.ErrTrainMode, []string{"dropout", "model.eval()"}},
		{"batchnorm_train", "script", "conv", torch.ErrTrainMode, []string{"batch_norm", "evaluation mode"}},
		{"quantised", "script", "conv", torch.ErrNoDerivative, []string{"quantized::linear_dynamic", "conv", "choose"}},
		{"argmax_end", "script", "conv", torch.ErrNoDerivative, []string{"no floating-point tensor", "argmax"}},
		{"int_input_embedding", "script", "input", torch.ErrLayerNotTensor, []string{"input returns Long values", "choose"}},
	} {
		t.Run(fmt.Sprintf("%s/%s/%q", c.model, c.form, c.layer), func(t *testing.T) {
			tc := readCase(t, c.model)
			m := tc.load(t, c.form)
			for range 2 {
				requireError(t, hookAndExplain(t, m, tc, c.layer), c.kind, c.parts...)
			}
		})
	}
	_, err := readCase(t, "multi_layer").load(t, "script").Hook()
	requireError(t, err, torch.ErrInvalid, "at least one layer")
}

func hookAndExplain(t *testing.T, m *torch.Module, c testCase, layer string) error {
	ctx := context.Background()
	h, err := m.Hook(layer)
	if err != nil {
		require.Nil(t, h)
		return err
	}
	defer h.Close()
	p, err := h.Forward(ctx, c.inputs(t)...)
	if err != nil {
		require.Nil(t, p)
		return err
	}
	defer p.Close()
	_, err = p.Backward(ctx, p.Outputs()[0].Tensor)
	return err
}
