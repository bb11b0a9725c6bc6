package render

import (
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// Concepts draws several maps, [H,W] with values 0..1, on one photo, each in its
// [ConceptColor]: at every pixel the strongest map shows, of equal ones the first,
// and the stronger the more opaque, on the faded photo of [Torchlight]. Colours
// tell which map it is, not how strong, so that no [Style] applies. What the model
// did not see is drawn as [Overlay] does.
func Concepts(photo *preprocess.Image, maps []engine.Array, g preprocess.Geometry) (*preprocess.Image, error) {
	if len(maps) == 0 {
		return nil, fmt.Errorf("render: no maps to draw: give one a concept")
	}
	if err := checkGeometry(photo, g); err != nil {
		return nil, err
	}
	placed := make([][]float32, len(maps))
	for k, m := range maps {
		m, err := drawable(nil, m)
		if err != nil {
			return nil, fmt.Errorf("concept %d: %w", k, err)
		}
		if _, placed[k], err = place(nil, m, g); err != nil {
			return nil, err
		}
	}
	seen, _, err := place(nil, engine.NewArray(1, 1), g)
	if err != nil {
		return nil, err
	}
	pixels := cut(nil, photo, seen)
	tint(pixels, placed)
	return framed(preprocess.NewImage(photo.W, photo.H), photo, pixels, seen), nil
}

// tint gives every pixel the colour of the strongest map.
func tint(pixels []uint8, maps [][]float32) {
	colors := make([][3]uint8, len(maps))
	for k := range colors {
		colors[k][0], colors[k][1], colors[k][2] = ConceptColor(k)
	}
	for i := range len(pixels) / 3 {
		best := 0
		for k := range maps {
			if maps[k][i] > maps[best][i] {
				best = k
			}
		}
		p := pixels[3*i : 3*i+3]
		r, g, b := faded(p[0], p[1], p[2])
		alpha := opaque * float64(level(maps[best][i])) / 255
		for c, v := range [3]uint32{r, g, b} {
			p[c] = uint8(math.Round((1-alpha)*float64(v) + alpha*float64(colors[best][c])))
		}
	}
}

// ConceptColor is the colour of map k in [Concepts]: those of Okabe and Ito (Color
// Universal Design, 2008), which colour-blind eyes tell apart, without their black,
// and from the eighth on hues a golden angle apart.
func ConceptColor(k int) (r, g, b uint8) {
	apart := [][3]uint8{{230, 159, 0}, {86, 180, 233}, {0, 158, 115}, {204, 121, 167}, {240, 228, 66}, {0, 114, 178}, {213, 94, 0}}
	if k < len(apart) {
		return apart[k][0], apart[k][1], apart[k][2]
	}
	const golden = 137.508 // degrees
	hue := math.Mod(float64(k)*golden, 360)
	// One channel of a full hue falls linearly over 60 degrees from its own place.
	channel := func(at float64) uint8 {
		away := math.Abs(math.Mod(hue-at+540, 360) - 180)
		return uint8(math.Round(255 * min(max(2-away/60, 0), 1)))
	}
	return channel(0), channel(120), channel(240)
}
