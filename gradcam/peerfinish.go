package gradcam

import "math"

// finishLayer makes the map of one layer as a result's peer does.
func (r Result) finishLayer(raw Raw, space []int) []float32 {
	switch {
	case raw.Reason == "" && r.Compat.signed(r.finish):
		return captumLayer(raw, r.finish, space)
	case raw.Reason == "" && r.Compat.ownSize(r.finish):
		return torchCAMLayer(raw, r.mapper, len(r.Raw) > 1, space)
	}
	return finishLayer(raw, r.finish, r.fusion, space)
}

// finishAll fuses the maps of all layers as a result's peer does.
func (r Result) finishAll(maps [][]float32) []float32 {
	if r.Compat.signed(r.finish) || r.Compat.ownSize(r.finish) {
		fused := fuse(maps, r.fusion)
		if r.mapper == "refinecam" && !r.Compat.signed(r.finish) {
			torchCAMStretch(fused)
		}
		return fused
	}
	return finishAll(maps, r.finish, r.fusion)
}

// captumLayer is LayerAttribution.interpolate with its default mode: signed, not
// normalised. Of an input attribution it is the sum over channels.
func captumLayer(raw Raw, finish Finish, space []int) []float32 {
	values, from := raw.Values.Data, raw.Values.Shape
	if finish == Magnitude {
		from = places(from)
		values = sumOfChannels(raw.Values)
	}
	return nearestResize(values, from, space, floored)
}

// torchCAMLayer is _CAM.compute_cams, and for several layers fuse_cams: LayerCAM's
// maps are scaled by tanh(2x) before they are fused.
func torchCAMLayer(raw Raw, method string, several bool, space []int) []float32 {
	m := make([]float32, raw.Values.Len())
	for i, v := range raw.Values.Data {
		if rectifies(method) {
			v = max(v, 0)
		}
		m[i] = v
	}
	torchCAMStretch(m)
	if several && method == "layercam" {
		for i, v := range m {
			m[i] = float32(math.Tanh(float64(2 * v)))
		}
	}
	return resize(m, raw.Values.Shape, space)
}

// torchCAMStretch is _CAM._normalize.
func torchCAMStretch(m []float32) { stretch(m, 1e-8) }

// rectifies says that torch-cam applies a ReLU to the method's map: to all but the
// original CAM's.
func rectifies(method string) bool { return method != "cam" }
