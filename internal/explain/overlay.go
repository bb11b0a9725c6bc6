package explain

import (
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/render"
)

// overlay draws what method m found, its whole map, at the size of the model's input: a peer's map
// may have the layer's, and signs. The concepts of a layer share a picture, as their
// mean says nothing.
func (s *Session) overlay(w *work, m int, whole engine.Array, with *pen) (*preprocess.Image, error) {
	r, space := w.explained[m].results[0], w.array.Shape[len(w.array.Shape)-2:]
	if !s.ways[m].concepts() {
		if !slices.Equal(whole.Shape, space) {
			var err error
			if whole, err = r.MapSize(space[0], space[1]); err != nil {
				return nil, err
			}
		}
		heat := r.DisplayMap(with.heat, whole)
		with.heat = heat.Data
		return with.canvas.Overlay(w.photo, heat, w.geometry, s.config.Style)
	}
	maps := make([]engine.Array, len(r.Raw))
	for k := range maps {
		var err error
		if maps[k], err = r.Only(k).Display(space[0], space[1]); err != nil {
			return nil, err
		}
	}
	return render.Concepts(w.photo, maps, w.geometry)
}

// concepts says that the raw maps are concepts, not layers.
func (w *way) concepts() bool {
	_, is := w.Method.(gradcam.DFF)
	return is
}

// hexColor is that of concept k in the overlay, as #rrggbb.
func hexColor(k int) string {
	r, g, b := render.ConceptColor(k)
	return fmt.Sprintf("#%02x%02x%02x", r, g, b)
}
