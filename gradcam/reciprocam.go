package gradcam

import (
	"context"
	"errors"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// ReciproCAM runs the tail with all but one place of the layer dark: the raw map
// [N, h, w] is the probability of the class at each place (Byun and Lee 2022,
// arXiv:2209.14074). Tokens without a place stay as they are. A logit target
// becomes its probability, as in the authors' code.
type ReciproCAM struct {
	// Gaussian lights the eight neighbours, too: the place's own channels times
	// 1/4 at the place, 1/8 beside it, 1/16 at the corners. It suits layers of
	// high resolution, where the tail hardly sees one place. The default is one
	// place.
	Gaussian bool `default:"false" about:"light the eight neighbours of a place too, less"`
}

func reciproEntries() []Entry {
	return []Entry{{ReciproCAM{}, GradientFree, "the class's probability when one place of the layer is left (Byun and Lee 2022)"}}
}

// Name is "reciprocam".
func (ReciproCAM) Name() string { return "reciprocam" }

// Needs are re-runs of the tail.
func (ReciproCAM) Needs() Needs {
	return Needs{Layer: true, Rerun: true, Cost: Cost{Forward: 1, PerPosition: 1}}
}

// Retarget explains the probability of the class whose raw output another target
// explains.
func (ReciproCAM) Retarget(t Target) Target { return asProbability(t) }

// asProbability turns the raw output of a class into its probability. All other
// targets stay.
func asProbability(t Target) Target {
	if class, ok := t.(classTarget); ok && class.of == logit {
		class.of = probability
		return class
	}
	return t
}

// Map returns one raw map a layer.
func (m ReciproCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	views, err := run.Activations()
	if err != nil {
		return nil, err
	}
	t := &trial{run: run}
	for _, v := range views {
		t.total += v.N * v.Positions()
	}
	maps := make([]Attribution, len(views))
	for i, v := range views {
		out := engine.NewArray(append([]int{v.N}, v.Space...)...)
		scores, err := m.light(ctx, t, i)
		if err != nil {
			return nil, err
		}
		narrow(out.Data, slices.Concat(scores...))
		maps[i] = Attribution{Layer: run.Layers()[i], Values: out, Finish: Normalise}
	}
	return maps, nil
}

// light scores the layer with one place lit at a time.
func (m ReciproCAM) light(ctx context.Context, t *trial, layer int) (scores [][]float64, err error) {
	tail, err := t.run.tail(ctx, layer)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tail.Close()) }()
	v := tail.view
	start, channel, place := tail.layout.strides(tail.activation.Shape)
	dark := engine.Array{Shape: tail.activation.Shape, Data: slices.Clone(tail.activation.Data)}
	for n := range v.N {
		clear(dark.Row(n).Data[start:])
	}
	spread := spot(v.Space, m.Gaussian)
	return t.score(ctx, copies{
		of: dark, each: slices.Repeat([]int{v.Positions()}, v.N),
		write: func(n, p int, row []float32) {
			own := tail.activation.Row(n).Data[start:]
			spread(p, func(q int, weight float32) {
				for c := range v.C {
					row[start+c*channel+q*place] = weight * own[c*channel+p*place]
				}
			})
		},
		undo: func(_, p int, row []float32) {
			spread(p, func(q int, _ float32) {
				for c := range v.C {
					row[start+c*channel+q*place] = 0
				}
			})
		},
	}, tail.through(t.run))
}

// spot returns a function that visits a place and, if asked, its neighbours
// within the space, with their weights: 1/2 for the middle and 1/4 for the sides
// of each axis.
func spot(space []int, gaussian bool) func(place int, visit func(place int, weight float32)) {
	extent, reach := volume(space), [3]int{}
	if gaussian {
		for axis := 3 - len(space); axis < 3; axis++ {
			reach[axis] = 1
		}
	}
	weight := func(axis, offset int) float32 {
		switch {
		case reach[axis] == 0:
			return 1
		case offset == 0:
			return 0.5
		default:
			return 0.25
		}
	}
	return func(place int, visit func(int, float32)) {
		at := [3]int{place / (extent[1] * extent[2]), place / extent[2] % extent[1], place % extent[2]}
		low, high := [3]int{}, [3]int{}
		for axis := range at {
			low[axis] = max(at[axis]-reach[axis], 0)
			high[axis] = min(at[axis]+reach[axis], extent[axis]-1)
		}
		for z := low[0]; z <= high[0]; z++ {
			for y := low[1]; y <= high[1]; y++ {
				for x := low[2]; x <= high[2]; x++ {
					w := weight(0, z-at[0]) * weight(1, y-at[1]) * weight(2, x-at[2])
					visit((z*extent[1]+y)*extent[2]+x, w)
				}
			}
		}
	}
}
