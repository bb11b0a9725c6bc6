package render

import (
	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// Canvas draws many overlays in the same memory. The zero value is ready for use; it
// belongs to one goroutine at a time.
type Canvas struct {
	picture preprocess.Image
	heat    []float32 // the map, checked
	pixels  []uint8   // what the model saw, row by row
	values  []float32 // the heat of each
}

// Overlay does what the function [Overlay] does. The picture is valid until the next
// call.
func (c *Canvas) Overlay(photo *preprocess.Image, heat engine.Array, g preprocess.Geometry, style Style) (*preprocess.Image, error) {
	heat, err := drawable(c.heat, heat)
	if err != nil {
		return nil, err
	}
	c.heat = heat.Data
	if err := checkGeometry(photo, g); err != nil {
		return nil, err
	}
	seen, values, err := place(c.values, heat, g)
	if err != nil {
		return nil, err
	}
	c.values = values
	if style == nil {
		style = Torchlight{}
	}
	c.pixels = cut(sized(c.pixels, 3*seen.Dx()*seen.Dy())[:0], photo, seen)
	style.Blend(c.pixels, c.pixels, values)
	c.picture.W, c.picture.H, c.picture.Pix = photo.W, photo.H, sized(c.picture.Pix, len(photo.Pix))
	return framed(&c.picture, photo, c.pixels, seen), nil
}

// sized is a slice of n values, in the old one's memory where that is large enough.
// What it holds is anything.
func sized[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	return old[:n]
}
