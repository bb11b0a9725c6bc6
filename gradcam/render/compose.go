package render

import (
	"fmt"
	"image"

	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// SideBySide puts pictures next to each other on white, in the order given,
// with a gap of a fiftieth of the tallest one's height. Lower pictures are
// centred.
func SideBySide(pictures ...*preprocess.Image) (*preprocess.Image, error) {
	w, h := 0, 0
	for i, p := range pictures {
		if p == nil || p.W < 1 || p.H < 1 || len(p.Pix) != 3*p.W*p.H {
			return nil, fmt.Errorf("render: picture %d has no pixels", i)
		}
		w, h = w+p.W, max(h, p.H)
	}
	gap := max(4, h/50)
	w += gap * (len(pictures) - 1)
	if len(pictures) == 0 || w > maxSide || h > maxSide {
		return nil, fmt.Errorf("render: %d pictures do not fit into one of at most %d pixels a side", len(pictures), maxSide)
	}
	out := preprocess.NewImage(w, h)
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	x := 0
	for _, p := range pictures {
		paste(out, p.Pix, p.Bounds().Add(image.Pt(x, (h-p.H)/2)))
		x += p.W + gap
	}
	return out, nil
}
