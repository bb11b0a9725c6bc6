package render

import (
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// HeatMap draws the map alone, one pixel a value. A zero-valued colormap is
// inferno.
func HeatMap(heat engine.Array, colors Colormap) (*preprocess.Image, error) {
	h, w, err := checkHeat(heat)
	if err != nil {
		return nil, err
	}
	img := preprocess.NewImage(w, h)
	t := colors.table()
	for i, v := range heat.Data {
		copy(img.Pix[3*i:3*i+3], t[level(v)][:])
	}
	return img, nil
}

// level rounds heat to one of 256 steps.
func level(v float32) uint8 { return uint8(255*min(max(v, 0), 1) + 0.5) }

// slack is how far a value may lie outside 0..1: interpolating and fusing maps
// rounds, and no eye sees a millionth.
const slack = 1e-6

// checkHeat returns the size of a map fit to be drawn.
func checkHeat(heat engine.Array) (h, w int, err error) {
	if len(heat.Shape) != 2 || heat.Ints != nil {
		return 0, 0, fmt.Errorf("render: a map is a float array of shape [H W], got shape %v; pass the maps of a batch one by one", heat.Shape)
	}
	h, w = heat.Shape[0], heat.Shape[1]
	if h < 1 || w < 1 || h > maxSide || w > maxSide {
		return 0, 0, fmt.Errorf("render: a map of %dx%d values cannot be drawn; each side must be 1 to %d", h, w, maxSide)
	}
	if len(heat.Data) != h*w {
		return 0, 0, fmt.Errorf("render: a map of %dx%d has %d values, got %d", h, w, h*w, len(heat.Data))
	}
	for i, v := range heat.Data {
		if v >= -slack && v <= 1+slack {
			continue
		}
		where := fmt.Sprintf("the map is %v at row %d, column %d", v, i/w, i%w)
		if v-v != 0 { // NaN or infinite
			return 0, 0, fmt.Errorf("render: %s; look for NaN or Inf in the model's weights or input", where)
		}
		return 0, 0, fmt.Errorf("render: %s, outside 0..1; normalise it first (raw and signed maps are not drawn)", where)
	}
	return h, w, nil
}

// maxSide is the largest side of a picture, in pixels: that of a PNG that other
// programs still read. It keeps products of sides far from overflow.
const maxSide = 1 << 20
