package render

import (
	"fmt"
	"strings"
)

// Style mixes heat into the pixels that the model saw. To write one's own, loop
// over heat: value i belongs to the bytes 3i, 3i+1, 3i+2 of dst and photo.
type Style interface {
	// Name is what --style calls it.
	Name() string
	// Blend fills dst, 8-bit RGB, from the photo's pixels in the same form and
	// the heat, 0..1, of each pixel. dst may be photo.
	Blend(dst, photo []uint8, heat []float32)
}

// ParseStyle finds a style by name: torchlight, pytorch-grad-cam or torch-cam.
func ParseStyle(name string) (Style, error) {
	var known []string
	for _, s := range []Style{Torchlight{}, PytorchGradCAM{}, TorchCAM{}} {
		if s.Name() == name {
			return s, nil
		}
		known = append(known, s.Name())
	}
	return nil, fmt.Errorf("render: no style %q; choose one of %s", name, strings.Join(known, ", "))
}
