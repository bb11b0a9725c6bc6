package gradcam

import (
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// windows are the places of a sliding window.
type windows struct {
	shape, window, stride, count []int
}

func (m Occlusion) windows(shape []int) (windows, error) {
	w := windows{shape: shape, window: m.Window, stride: m.Stride}
	if w.window == nil {
		w.window = make([]int, len(shape))
		for d, extent := range shape {
			w.window[d] = (extent + 14) / 15
		}
		if w.window[0] = shape[0]; len(shape) == 1 {
			w.window[0] = 1
		}
	}
	for d := range shape {
		switch {
		case m.Stride != nil: // given
		case m.Window != nil:
			w.stride = append(w.stride, 1)
		case d == 0:
			w.stride = append(w.stride, w.window[0])
		default:
			w.stride = append(w.stride, (w.window[d]+1)/2)
		}
	}
	if len(w.window) != len(shape) || len(w.stride) != len(shape) {
		return w, markf(ErrOption, "window %v and stride %v need an extent for every axis of a sample, %v", w.window, w.stride, shape)
	}
	for d, extent := range shape {
		if w.window[d] < 1 || w.window[d] > extent || w.stride[d] < 1 || w.window[d] < extent && w.stride[d] > w.window[d] {
			return w, markf(ErrOption, "window %v with stride %v over %v: give windows within the input, and strides from 1 to the window's extents", w.window, w.stride, shape)
		}
		w.count = append(w.count, (extent-w.window[d]+w.stride[d]-1)/w.stride[d]+1)
	}
	return w, nil
}

func (w windows) number() int { return engine.Size(w.count) }

// visit goes through window k, in runs of numbers that lie one after another.
func (w windows) visit(k int, run func(first, length int)) {
	low, high := make([]int, len(w.shape)), make([]int, len(w.shape))
	for d := len(w.shape) - 1; d >= 0; d-- {
		low[d] = k % w.count[d] * w.stride[d]
		high[d] = min(low[d]+w.window[d], w.shape[d])
		k /= w.count[d]
	}
	last := len(w.shape) - 1
	at := slices.Clone(low)
	for {
		first := 0
		for d, i := range at {
			first = first*w.shape[d] + i
		}
		run(first, high[last]-low[last])
		d := last - 1
		for ; d >= 0; d-- {
			if at[d]++; at[d] < high[d] {
				break
			}
			at[d] = low[d]
		}
		if d < 0 {
			return
		}
	}
}

// average gives every number the mean loss over its windows.
func (w windows) average(out []float32, full float64, scores []float64) {
	loss, covered := make([]float64, len(out)), make([]float64, len(out))
	for k, s := range scores {
		w.visit(k, func(first, length int) {
			for i := first; i < first+length; i++ {
				loss[i] += full - s
				covered[i]++
			}
		})
	}
	for i := range out {
		out[i] = float32(loss[i] / covered[i])
	}
}
