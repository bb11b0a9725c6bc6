package render

import (
	"image"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// Overlay draws the map, [H,W] with values 0..1, on the photo at the photo's
// own size. The geometry says which part of the photo the model saw; there the
// style mixes heat and photo.
//
// What the model did not see carries no heat, and must not look like a region
// that the model saw and ignored: it is faded and darkened, and a thin light
// line runs around what was seen. (A line alone is lost in a busy photo, a dark
// border alone in a dark one, and colours left alone outside draw the eye away
// from the heat.)
//
// A nil style is [Torchlight]. The photo itself is not changed.
func Overlay(photo *preprocess.Image, heat engine.Array, g preprocess.Geometry, style Style) (*preprocess.Image, error) {
	if _, _, err := checkHeat(heat); err != nil {
		return nil, err
	}
	if err := checkGeometry(photo, g); err != nil {
		return nil, err
	}
	seen, values, err := place(heat, g)
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		values[i] = min(max(v, 0), 1)
	}
	if style == nil {
		style = Torchlight{}
	}
	pixels := cut(photo, seen)
	style.Blend(pixels, pixels, values)

	out := preprocess.NewImage(photo.W, photo.H)
	if seen != photo.Bounds() {
		darken(out.Pix, photo.Pix)
		frame(out, seen)
	}
	paste(out, pixels, seen)
	return out, nil
}

// cut copies a rectangle's pixels.
func cut(img *preprocess.Image, r image.Rectangle) []uint8 {
	n := 3 * r.Dx()
	pixels := make([]uint8, 0, n*r.Dy())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		from := 3 * (y*img.W + r.Min.X)
		pixels = append(pixels, img.Pix[from:from+n]...)
	}
	return pixels
}

// paste is the inverse of cut.
func paste(img *preprocess.Image, pixels []uint8, r image.Rectangle) {
	n := 3 * r.Dx()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		to := 3 * (y*img.W + r.Min.X)
		copy(img.Pix[to:to+n], pixels[(y-r.Min.Y)*n:])
	}
}

// darken fades the colours and halves the brightness.
func darken(dst, src []uint8) {
	for i := 0; i+2 < len(src); i += 3 {
		r, g, b := faded(src[i], src[i+1], src[i+2])
		dst[i], dst[i+1], dst[i+2] = uint8(r/2), uint8(g/2), uint8(b/2)
	}
}

// frame draws a light grey line around the outside of the rectangle, one pixel
// wide for each 500 pixels of the photo's shorter side.
func frame(img *preprocess.Image, r image.Rectangle) {
	width := max(1, min(img.W, img.H)/500)
	outer := r.Inset(-width).Intersect(img.Bounds())
	for y := outer.Min.Y; y < outer.Max.Y; y++ {
		row := img.Pix[3*(y*img.W+outer.Min.X) : 3*(y*img.W+outer.Max.X)]
		for i := range row {
			row[i] = 220
		}
	}
}
