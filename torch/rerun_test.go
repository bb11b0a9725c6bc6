//go:build cgo

package torch_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// enginePass runs a batch through the plan of one layer, as the methods do.
func enginePass(t testing.TB, m *torch.Module, spec engine.Spec, in ...engine.Array) engine.Pass {
	t.Helper()
	plan, err := m.Plan(context.Background(), spec)
	require.NoError(t, err)
	t.Cleanup(func() { plan.Close() })
	p, err := plan.Forward(context.Background(), in)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// pickEach is pick for arrays with several rows a sample, of a batch of n.
func pickEach(a engine.Array, rows []int, n int) engine.Array {
	each := a.Shape[0] / n
	var all []int
	for _, r := range rows {
		for k := range each {
			all = append(all, r*each+k)
		}
	}
	return pick(a, all)
}

// pickOutputs are those rows of every output.
func pickOutputs(outputs []engine.Output, rows []int, n int) []engine.Output {
	var out []engine.Output
	for _, o := range outputs {
		out = append(out, engine.Output{Name: o.Name, Array: pickEach(o.Array, rows, n)})
	}
	return out
}

func nearOutputs(t *testing.T, want, got []engine.Output, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i].Name, got[i].Name)
		near(t, want[i].Array, got[i].Array, tolerance, "output "+want[i].Name)
	}
}

// scaled makes the rows of a batch different from each other.
func scaled(a engine.Array) engine.Array {
	out := engine.Array{Shape: a.Shape, Data: make([]float32, len(a.Data))}
	each := len(a.Data) / a.Shape[0]
	for i, x := range a.Data {
		out.Data[i] = x * (1 + 0.25*float32(i/each))
	}
	return out
}

// rerunCases calls f for every layer of every golden model that can be continued
// from, in every form of its file, the input included.
func rerunCases(t *testing.T, f func(t *testing.T, c testCase, m *torch.Module, address string)) {
	for _, c := range readManifest(t).Cases {
		for form := range c.Files {
			layers, addresses := c.hookable(form)
			if len(layers) == 0 {
				continue
			}
			m := c.load(t, form)
			for i, l := range layers {
				if !l.Fallback {
					t.Run(c.Name+"/"+form+"/"+addresses[i], func(t *testing.T) { f(t, c, m, addresses[i]) })
				}
			}
		}
	}
}

// Rows of a pass continue any of its samples, in any order and number: each row
// gives what the sample gave in the pass, and other activations give together
// what they give alone.
func TestRerunRows(t *testing.T) {
	ctx := context.Background()
	rerunCases(t, func(t *testing.T, c testCase, m *torch.Module, address string) {
		if c.Name == "trace_fixed_batch" || c.Name == "samples_interact" {
			return // TestRerunFixedBatch, TestSamplesThatAffectEachOther
		}
		in := c.arrays(t)
		for range 3 {
			p := enginePass(t, m, engine.Spec{Layers: []string{address}}, in...)
			a, n := p.Activations()[0], in[0].Shape[0]
			for _, rows := range [][]int{{1}, {0}, {1, 0}, {0, 1, 1, 0, 1}, {0, 1}} {
				got, err := p.Rerun(ctx, pickEach(a, rows, n), rows)
				require.NoError(t, err)
				nearOutputs(t, pickOutputs(p.Outputs(), rows, n), got, 2*c.Tolerance)
			}
			rows := []int{0, 1, 1, 0, 1}
			moved := scaled(pickEach(a, rows, n))
			got, err := p.Rerun(ctx, moved, rows)
			require.NoError(t, err)
			again, err := p.Rerun(ctx, moved, rows)
			require.NoError(t, err)
			require.Equal(t, got, again, "bit for bit")
			for i, r := range rows {
				alone, err := p.Rerun(ctx, pickEach(moved, []int{i}, len(rows)), []int{r})
				require.NoError(t, err)
				nearOutputs(t, alone, pickOutputs(got, []int{i}, len(rows)), 2*c.Tolerance)
			}
		}
	})
}

// A pass of one sample is continued with many rows, as Ablation-CAM does.
func TestRerunRowsOfOneSample(t *testing.T) {
	ctx := context.Background()
	rerunCases(t, func(t *testing.T, c testCase, m *torch.Module, address string) {
		if c.Name == "trace_fixed_batch" {
			return
		}
		var in []engine.Array
		for _, x := range c.arrays(t) {
			in = append(in, pick(x, []int{1}))
		}
		p := enginePass(t, m, engine.Spec{Layers: []string{address}}, in...)
		a := p.Activations()[0]
		rows := make([]int, 7)
		moved := scaled(pickEach(a, rows, 1))
		for range 3 {
			got, err := p.Rerun(ctx, moved, rows)
			require.NoError(t, err)
			for i := range rows {
				alone, err := p.Rerun(ctx, pickEach(moved, []int{i}, len(rows)), nil)
				require.NoError(t, err)
				nearOutputs(t, alone, pickOutputs(got, []int{i}, len(rows)), 2*c.Tolerance)
			}
		}
	})
}

// A trace may have its batch baked in.
func TestRerunFixedBatch(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "trace_fixed_batch")
	p := enginePass(t, c.load(t, "trace"), engine.Spec{Layers: []string{"conv"}}, c.arrays(t)...)
	a := p.Activations()[0]
	for range 3 {
		_, err := p.Rerun(ctx, pick(a, []int{0, 1, 0}), []int{0, 1, 0})
		requireError(t, err, torch.ErrModel, "layer conv", "traced for a fixed batch", "of 2 samples", "torch.jit.script")
		got, err := p.Rerun(ctx, a, []int{0, 1})
		require.NoError(t, err)
		nearOutputs(t, p.Outputs(), got, c.Tolerance)
	}
}

func TestRerunRefusals(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "residual_inplace")
	p := enginePass(t, c.load(t, "script"), engine.Spec{Layers: []string{"bn2"}}, c.arrays(t)...)
	a := p.Activations()[0]
	for name, f := range map[string]struct {
		activation engine.Array
		rows       []int
		says       string
	}{
		"row that is not there": {pick(a, []int{0}), []int{2}, "row 2 is not among the pass's 2 samples"},
		"negative row":          {pick(a, []int{0}), []int{-1}, "row -1"},
		"too few activations":   {pick(a, []int{0}), []int{0, 1}, "2 row(s) of layer bn2"},
		"no rows":               {pick(a, nil), []int{}, "no rows"},
		"other shape":           {engine.NewArray(1, 4, 4, 5), []int{0}, "has shape [1, 4, 4, 5]"},
		"other shape, no rows":  {engine.NewArray(1, 4, 4, 4), nil, "returned"},
		"integers":              {engine.Array{Shape: []int{1}, Ints: []int64{1}}, nil, "integers"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.Rerun(ctx, f.activation, f.rows)
			requireError(t, err, torch.ErrInvalid, f.says)
		})
	}
	c = readCase(t, "in_if")
	p = enginePass(t, c.load(t, "script"), engine.Spec{Layers: []string{"conv"}}, c.arrays(t)...)
	_, err := p.Rerun(ctx, p.Activations()[0], []int{0, 0})
	requireError(t, err, torch.ErrInvalid, "inside a branch or loop")

	done, stop := context.WithCancel(ctx)
	stop()
	_, err = p.Rerun(done, p.Activations()[0], nil)
	require.ErrorIs(t, err, context.Canceled)
}

// The memory of an activation is lent: an output that is the activation itself
// does not keep it.
func TestRerunLendsMemory(t *testing.T) {
	c := readCase(t, "frozen_toy")
	p := enginePass(t, c.load(t, "script"), engine.Spec{Layers: []string{"relu2"}}, c.arrays(t)...)
	a := p.Activations()[0]
	mine := engine.Array{Shape: a.Shape, Data: append([]float32(nil), a.Data...)}
	got, err := p.Rerun(context.Background(), mine, nil)
	require.NoError(t, err)
	clear(mine.Data)
	assert.Equal(t, a.Data, got[0].Array.Data)
	assert.Equal(t, make([]float32, len(mine.Data)), mine.Data)
}

// One plan learns how rows grow while others use it.
func TestRerunRowsConcurrently(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "scalar_list_crossing")
	plan, err := c.load(t, "script").Plan(ctx, engine.Spec{Layers: []string{"conv"}})
	require.NoError(t, err)
	defer plan.Close()
	in := c.arrays(t)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for round := range 3 {
				batch := make([]int, 1+(g+round)%3)
				p, err := plan.Forward(ctx, []engine.Array{pick(in[0], batch)})
				if !assert.NoError(t, err) {
					return
				}
				rows := make([]int, 2+g)
				got, err := p.Rerun(ctx, pick(p.Activations()[0], rows), rows)
				assert.NoError(t, err)
				want := pickOutputs(p.Outputs(), rows, len(batch))
				if assert.Len(t, got, 1) {
					assert.InDeltaSlice(t, want[0].Array.Data, got[0].Array.Data, 1e-5)
				}
				assert.NoError(t, p.Close())
			}
		})
	}
	group.Wait()
}
