package gradcam

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// DFF is deep feature factorisation (Collins et al. 2018, arXiv:1806.10206): what
// recurs in a layer, as a few concepts and a map of where each is. The
// activation, less the minimum of each channel, is factored into non-negative
// parts, over all samples of a batch together, as in pytorch-grad-cam.
//
// There is a raw map a concept, named "layer concept 0" and so on, the concept
// with the largest share in the batch first. [DFF.Factorise] gives the concepts
// themselves. The target plays no part. The starting point is found, not drawn,
// so that values differ from those of pytorch-grad-cam, which draws it.
type DFF struct {
	// Concepts is their number; 0 is 5.
	Concepts int `default:"5" about:"number of concepts"`
	// Rounds bounds the updates of both factors; 0 is 200.
	Rounds int `default:"200" about:"updates of both factors at most"`
	// Tolerance ends them when one lowers the squared error by no more than this
	// part of it; 0 is 1e-5.
	Tolerance float64 `default:"1e-5" about:"relative gain of an update that ends them"`
	// Apart gives every sample concepts of its own: its maps do not depend on what
	// else is in the batch.
	Apart bool `default:"false" about:"concepts of its own for each sample of a batch"`
}

// Factorisation is an activation as a sum of concepts: at each place the offset
// plus every concept times its map.
type Factorisation struct {
	// Concepts are directions among the channels, [K, C], not negative and of
	// length 1, or 0 where fewer concepts explain everything.
	Concepts engine.Array
	// Offset is the minimum of each channel.
	Offset []float32
	// Maps are how much of each concept is where, [N, K, space...], not negative.
	Maps engine.Array
	// Error is what the concepts leave out: |A - offset - sum| / |A - offset|, of
	// Euclidean lengths; 0 for a constant activation.
	Error float64
}

func conceptEntries() []Entry {
	return []Entry{{DFF{}, Concepts, "what recurs in a layer: non-negative factors of its activation (Collins et al. 2018)"}}
}

// Name is the method's name on the command line.
func (DFF) Name() string { return "dff" }

// Needs is one forward pass.
func (m DFF) Needs() Needs {
	return Needs{Layer: true, Unsigned: true, Together: !m.Apart, Cost: Cost{Forward: 1}}
}

// Map returns one raw map a concept, for each layer.
func (m DFF) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	activations, err := run.Activations()
	if err != nil {
		return nil, err
	}
	var maps []Attribution
	for i, a := range activations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		values, err := m.maps(a)
		if err != nil {
			return nil, err
		}
		for k := range values.Shape[1] {
			of := engine.NewArray(append([]int{a.N}, a.Space...)...)
			for n := range a.N {
				copy(of.Row(n).Data, values.Row(n).Row(k).Data)
			}
			maps = append(maps, Attribution{Layer: fmt.Sprintf("%s concept %d", run.Layers()[i], k), Values: of})
		}
	}
	return maps, nil
}

// maps are those of all samples, [N, K, space...].
func (m DFF) maps(a View) (engine.Array, error) {
	if !m.Apart {
		f, err := m.Factorise(a)
		return f.Maps, err
	}
	all := engine.Array{}
	for n := range a.N {
		f, err := m.Factorise(View{N: 1, C: a.C, Space: a.Space, Data: a.Sample(n)})
		if err != nil {
			return engine.Array{}, err
		}
		all.Shape = append([]int{a.N}, f.Maps.Shape[1:]...)
		all.Data = append(all.Data, f.Maps.Data...)
	}
	return all, nil
}

// Factorise factors the activation of all samples together.
func (m DFF) Factorise(a View) (Factorisation, error) {
	if m.Concepts < 0 || m.Rounds < 0 || !(m.Tolerance >= 0) {
		return Factorisation{}, markf(ErrOption, "%+v: give numbers from 0, 0 being the default", m)
	}
	places := a.Positions()
	x, offset := make([]float64, len(a.Data)), make([]float32, a.C)
	for c := range a.C {
		offset[c] = a.Channel(0, c)[0]
		for n := range a.N {
			offset[c] = min(offset[c], slices.Min(a.Channel(n, c)))
		}
		for n := range a.N {
			for p, v := range a.Channel(n, c) {
				x[(c*a.N+n)*places+p] = float64(v) - float64(offset[c])
			}
		}
	}
	f := factorise(x, a.C, a.N*places, orDefault(m.Concepts, 5), orDefault(m.Rounds, 200), orDefault(m.Tolerance, 1e-5))
	out := f.ordered(a)
	out.Offset, out.Error = offset, f.residual()
	return out, nil
}

// ordered brings the factors to a length of 1 for every concept, the largest sum
// of a map first.
func (f *nmf) ordered(a View) Factorisation {
	order, mass, lengths := identity(f.rank), make([]float64, f.rank), make([]float64, f.rank)
	for k := range order {
		row := f.w[k*f.rows : (k+1)*f.rows]
		lengths[k] = math.Sqrt(dot(row, row))
		for _, v := range f.h[k*f.cols : (k+1)*f.cols] {
			mass[k] += v * lengths[k]
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(mass[j], mass[i]) })
	out := Factorisation{
		Concepts: engine.NewArray(f.rank, f.rows),
		Maps:     engine.NewArray(append([]int{a.N, f.rank}, a.Space...)...),
	}
	places := a.Positions()
	for to, k := range order {
		if lengths[k] == 0 {
			continue
		}
		concept := out.Concepts.Row(to).Data
		for r := range concept {
			concept[r] = float32(f.w[k*f.rows+r] / lengths[k])
		}
		for n := range a.N {
			m := out.Maps.Row(n).Row(to).Data
			for p := range m {
				m[p] = float32(f.h[k*f.cols+n*places+p] * lengths[k])
			}
		}
	}
	return out
}

// residual is |X - WH| / |X|, added up number by number: the difference of the
// sums that [nmf.round] takes is no longer exact when it is small.
func (f *nmf) residual() float64 {
	if f.norm == 0 {
		return 0
	}
	sum, row := 0.0, make([]float64, f.cols)
	for r := range f.rows {
		copy(row, f.x[r*f.cols:(r+1)*f.cols])
		for k := range f.rank {
			axpy(row, -f.w[k*f.rows+r], f.h[k*f.cols:(k+1)*f.cols])
		}
		sum += dot(row, row)
	}
	return math.Sqrt(sum / f.norm)
}
