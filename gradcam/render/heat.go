package render

import (
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// HeatMap draws the map alone, one pixel a value. A zero-valued colormap is
// inferno.
func HeatMap(heat engine.Array, colors Colormap) (*preprocess.Image, error) {
	heat, err := drawable(nil, heat)
	if err != nil {
		return nil, err
	}
	img := preprocess.NewImage(heat.Shape[1], heat.Shape[0])
	t := colors.table()
	for i, v := range heat.Data {
		copy(img.Pix[3*i:3*i+3], t[level(v)][:])
	}
	return img, nil
}

// level rounds heat 0..1 to one of 256 steps. The conversion keeps the compiler
// from fusing, so that every platform draws the same.
func level(v float32) uint8 { return uint8(float32(255*v) + 0.5) }

// slack is how far a value may lie outside 0..1: interpolating and fusing maps
// rounds, and no eye sees a millionth.
const slack = 1e-6

// drawable checks a map and returns a copy of it with every value in 0..1, in the
// memory given where that is large enough.
func drawable(into []float32, heat engine.Array) (engine.Array, error) {
	if err := checkShape(heat); err != nil {
		return engine.Array{}, err
	}
	out := engine.Array{Shape: heat.Shape, Data: sized(into, heat.Len())}
	for i, v := range heat.Data {
		if !(v >= -slack && v <= 1+slack) {
			return engine.Array{}, refuse(v, i/heat.Shape[1], i%heat.Shape[1])
		}
		out.Data[i] = min(max(v, 0), 1)
	}
	return out, nil
}

func checkShape(heat engine.Array) error {
	if len(heat.Shape) != 2 || heat.Ints != nil {
		return fmt.Errorf("render: a map is a float array of shape [H W], got shape %v; pass the maps of a batch one by one", heat.Shape)
	}
	h, w := heat.Shape[0], heat.Shape[1]
	if h < 1 || w < 1 || h > maxSide || w > maxSide {
		return fmt.Errorf("render: a map of %dx%d values cannot be drawn; each side must be 1 to %d", h, w, maxSide)
	}
	if len(heat.Data) != h*w {
		return fmt.Errorf("render: a map of %dx%d has %d values, got %d", h, w, h*w, len(heat.Data))
	}
	return nil
}

// refuse names a value that no picture can show.
func refuse(v float32, row, column int) error {
	if v-v != 0 { // NaN or infinite
		return fmt.Errorf("render: the map is %v at row %d, column %d; look for NaN or Inf in the model's weights or input", v, row, column)
	}
	return fmt.Errorf("render: the map is %v at row %d, column %d, outside 0..1; normalise it first (raw and signed maps are not drawn)", v, row, column)
}

// maxSide is the largest side of a picture, in pixels: that of a PNG that other
// programs still read. It keeps products of sides far from overflow.
const maxSide = 1 << 20
