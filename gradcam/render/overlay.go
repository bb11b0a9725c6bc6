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
	return new(Canvas).Overlay(photo, heat, g, style)
}

// framed puts the pixels of what was seen into the rest of the photo.
func framed(out, photo *preprocess.Image, pixels []uint8, seen image.Rectangle) *preprocess.Image {
	surround(out, photo, seen)
	paste(out, pixels, seen)
	return out
}

// cut appends a rectangle's pixels.
func cut(pixels []uint8, img *preprocess.Image, r image.Rectangle) []uint8 {
	n := 3 * r.Dx()
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

// surround draws everything but the rectangle: the photo, dark, and a light grey
// line around the rectangle, one pixel wide for each 500 pixels of the photo's
// shorter side.
func surround(out, photo *preprocess.Image, seen image.Rectangle) {
	width := max(1, min(photo.W, photo.H)/500)
	line := seen.Inset(-width).Intersect(photo.Bounds())
	left, right := 3*line.Min.X, 3*line.Max.X
	for y := range photo.H {
		at := 3 * y * photo.W
		dst, src := out.Pix[at:at+3*photo.W], photo.Pix[at:at+3*photo.W]
		switch {
		case y < line.Min.Y || y >= line.Max.Y:
			darken(dst, src)
			continue
		case y < seen.Min.Y || y >= seen.Max.Y:
			lighten(dst[left:right])
		default:
			lighten(dst[left : 3*seen.Min.X])
			lighten(dst[3*seen.Max.X : right])
		}
		darken(dst[:left], src[:left])
		darken(dst[right:], src[right:])
	}
}

// lighten draws the line.
func lighten(dst []uint8) {
	for i := range dst {
		dst[i] = 220
	}
}

// darken fades the colours and halves the brightness.
func darken(dst, src []uint8) {
	for len(src) > 0 {
		p, d := (*[3]uint8)(src), (*[3]uint8)(dst)
		src, dst = src[3:], dst[3:]
		r, g, b := faded(p[0], p[1], p[2])
		d[0], d[1], d[2] = uint8(r/2), uint8(g/2), uint8(b/2)
	}
}
