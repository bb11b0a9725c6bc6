package preprocess

import (
	"fmt"
	"image"
	"math"
)

// Geometry says what the pipeline does to a photo of w x h pixels. The size of
// the model's input is CropW x CropH, with or without a crop.
func (p Pipeline) Geometry(w, h int) (Geometry, error) {
	if err := p.Validate(); err != nil {
		return Geometry{}, err
	}
	if w < 1 || h < 1 {
		return Geometry{}, fmt.Errorf("preprocess: photo of %dx%d: %w", w, h, ErrEmpty)
	}
	g := Geometry{OriginalW: w, OriginalH: h}
	g.ResizedW, g.ResizedH = resizedSize(w, h, p.Resize)
	if g.ResizedW > maxSide || g.ResizedH > maxSide {
		return Geometry{}, fmt.Errorf("preprocess: %w: photo of %dx%d would become %dx%d; crop it or give Resize a height and a width",
			ErrTooManyPixels, w, h, g.ResizedW, g.ResizedH)
	}
	g.CropW, g.CropH = g.ResizedW, g.ResizedH
	switch len(p.Crop) {
	case 1:
		g.CropW, g.CropH = p.Crop[0], p.Crop[0]
	case 2:
		g.CropW, g.CropH = p.Crop[1], p.Crop[0]
	}
	if g.CropW > DefaultMaxPixels/g.CropH {
		return Geometry{}, fmt.Errorf("preprocess: %w: photo of %dx%d would become an input of %dx%d; give Crop a size",
			ErrTooManyPixels, w, h, g.CropW, g.CropH)
	}
	g.CropX, g.CropY = centre(g.ResizedW, g.CropW), centre(g.ResizedH, g.CropH)
	return g, nil
}

// resizedSize is torchvision's _compute_resized_output_size: the longer side
// is truncated, so 640x480 to a shorter side of 256 is 341x256.
func resizedSize(w, h int, size []int) (rw, rh int) {
	switch len(size) {
	case 0:
		return w, h
	case 2:
		return size[1], size[0]
	}
	short := size[0]
	if w <= h {
		return short, int(float64(short*h) / float64(w))
	}
	return int(float64(short*w) / float64(h)), short
}

// centre is the offset of a centred crop in torchvision. One inside the image
// is rounded to even (Python's round); one that sticks out has the smaller half
// of the padding on the near side.
func centre(size, crop int) int {
	if crop > size {
		return -((crop - size) / 2)
	}
	return int(math.RoundToEven(float64(size-crop) / 2))
}

// crop is the model's input within the resized photo.
func (g Geometry) crop() image.Rectangle {
	return image.Rect(g.CropX, g.CropY, g.CropX+g.CropW, g.CropY+g.CropH)
}
