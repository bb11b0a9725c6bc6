package gradcam

import (
	"context"

	"github.com/torchlight-go/torchlight/engine"
)

// weighing writes the weighted activation of channel c of sample n to dst, one
// value a position.
type weighing func(dst []float32, n, c int)

// weightedMap is the raw map of run.Layers()[layer] for one weight a channel,
// [N, C]: the sum of the weighted channels, or their projection on the first
// principal component under [WithEigenSmoothing].
func weightedMap(run *Run, layer int, a View, weights []float64) Attribution {
	weigh := func(dst []float32, n, c int) {
		w := weights[n*a.C+c]
		for p, v := range a.Channel(n, c) {
			dst[p] = float32(w * float64(v))
		}
	}
	return Attribution{Layer: run.Layers()[layer], Values: run.combine(a, weigh)}
}

// weightedMaps are those of all layers. weights gets a layer's gradient and says what
// channel c of sample n weighs.
func weightedMaps(ctx context.Context, run *Run, weights func(layer int, g View) (func(n, c int) float64, error)) ([]Attribution, error) {
	gradients, err := run.Gradients(ctx)
	if err != nil {
		return nil, err
	}
	activations, err := run.Activations()
	if err != nil {
		return nil, err
	}
	maps := make([]Attribution, len(activations))
	for i, a := range activations {
		weight, err := weights(i, gradients[i])
		if err != nil {
			return nil, err
		}
		all := make([]float64, a.N*a.C)
		for k := range all {
			all[k] = weight(k/a.C, k%a.C)
		}
		maps[i] = weightedMap(run, i, a, all)
	}
	return maps, nil
}

// plain is the weighing that leaves every channel as it is.
func (v View) plain(dst []float32, n, c int) { copy(dst, v.Channel(n, c)) }

// combine makes one map of weighted channels.
func (r *Run) combine(a View, weigh weighing) engine.Array {
	if r.batch.explainer.eigenSmoothing {
		return eachSample(a, weigh, principal)
	}
	return channelSum(a, weigh)
}

// channelSum adds the weighted channels up, in float64. The result is
// [N, space...].
func channelSum(a View, weigh weighing) engine.Array {
	out := engine.NewArray(append([]int{a.N}, a.Space...)...)
	weighted, sum := make([]float32, a.Positions()), make([]float64, a.Positions())
	for n := range a.N {
		clear(sum)
		for c := range a.C {
			weigh(weighted, n, c)
			for p, v := range weighted {
				sum[p] += float64(v)
			}
		}
		narrow(out.Row(n).Data, sum)
	}
	return out
}

// eachSample makes the map of every sample out of its weighted channels,
// [C, positions], which the projection may overwrite.
func eachSample(a View, weigh weighing, project func(weighted []float32, channels int) []float64) engine.Array {
	out := engine.NewArray(append([]int{a.N}, a.Space...)...)
	places := a.Positions()
	weighted := make([]float32, a.C*places)
	for n := range a.N {
		for c := range a.C {
			weigh(weighted[c*places:(c+1)*places], n, c)
		}
		narrow(out.Row(n).Data, project(weighted, a.C))
	}
	return out
}

// narrow rounds sums to float32.
func narrow(dst []float32, sums []float64) {
	for i, v := range sums {
		dst[i] = float32(v)
	}
}
