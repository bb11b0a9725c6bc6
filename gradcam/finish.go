package gradcam

import (
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
)

// Fusion says how the maps of several layers become one: place by place, each
// finished by itself.
type Fusion int

const (
	// Mean is pytorch-grad-cam's fusion.
	Mean Fusion = iota
	// Max is torch-cam's.
	Max
	// Product is RefineCAM's: of each layer's finished map.
	Product
)

func (f Fusion) String() string { return [...]string{"mean", "max", "product"}[f] }

// ParseFusion reads the name of a fusion.
func ParseFusion(s string) (Fusion, error) {
	for _, f := range []Fusion{Mean, Max, Product} {
		if f.String() == s {
			return f, nil
		}
	}
	return 0, fmt.Errorf("unknown fusion %q: give mean, max or product", s)
}

// finishLayer makes the map of one layer, of the given extents. In the terms of
// pytorch-grad-cam it is compute_cam_per_layer.
func finishLayer(raw Raw, finish Finish, fusion Fusion, space []int) []float32 {
	if raw.Reason != "" { // a layer that says nothing adds nothing
		return make([]float32, engine.Size(space))
	}
	if finish == Magnitude {
		m := magnitude(raw.Values)
		minMax(m)
		return resize(m, places(raw.Values.Shape), space)
	}
	m := make([]float32, raw.Values.Len())
	for i, v := range raw.Values.Data {
		m[i] = max(v, 0)
	}
	if finish == Normalise {
		minMax(m)
	}
	m = resize(m, raw.Values.Shape, space)
	if finish == Normalise && fusion == Product {
		minMax(m)
	}
	return m
}

// finishAll fuses the maps of the layers. It may overwrite them.
func finishAll(maps [][]float32, finish Finish, fusion Fusion) []float32 {
	fused := fuse(maps, fusion)
	// pytorch-grad-cam normalises again after upsampling, which for an even
	// factor never meets the peak: this restores a maximum of 1. A product of
	// one has been through it.
	if finish != Clip && (fusion != Product || len(maps) > 1) {
		minMax(fused)
	}
	return fused
}

// fuse combines maps of one size, place by place, in the first of them.
func fuse(maps [][]float32, fusion Fusion) []float32 {
	fused := maps[0]
	for _, m := range maps[1:] {
		for i, v := range m {
			switch fusion {
			case Mean:
				fused[i] += v
			case Max:
				fused[i] = max(fused[i], v)
			case Product:
				fused[i] *= v
			}
		}
	}
	if n := float32(len(maps)); fusion == Mean && n > 1 {
		for i := range fused {
			fused[i] /= n
		}
	}
	return fused
}

// minMax stretches a map to 0..1 as pytorch-grad-cam does.
func minMax(m []float32) { stretch(m, 1e-7) }

// stretch brings values to 0..1: the minimum is subtracted, then the maximum of
// what is left divides, plus an epsilon.
func stretch(m []float32, epsilon float32) {
	low, high := extremes(m)
	scale := high - low + epsilon
	for i, v := range m {
		m[i] = (v - low) / scale
	}
}

// sumOfChannels is the signed sum over channels of [C, space...].
func sumOfChannels(a engine.Array) []float32 {
	n := engine.Size(places(a.Shape))
	sum := make([]float64, n)
	for i, v := range a.Data {
		sum[i%n] += float64(v)
	}
	out := make([]float32, n)
	for i, v := range sum {
		out[i] = float32(max(min(v, math.MaxFloat32), -math.MaxFloat32))
	}
	return out
}

// places are the extents of space in an input attribution, [C, space...], or in
// one of a table's columns, [F], which have no channels.
func places(shape []int) []int {
	if len(shape) == 1 {
		return shape
	}
	return shape[1:]
}

// magnitude is the sum over channels of the magnitudes of [C, space...].
func magnitude(a engine.Array) []float32 {
	n := engine.Size(places(a.Shape))
	sum := make([]float64, n)
	for i, v := range a.Data {
		sum[i%n] += math.Abs(float64(v))
	}
	out := make([]float32, n)
	for i, v := range sum {
		out[i] = float32(min(v, math.MaxFloat32))
	}
	return out
}
