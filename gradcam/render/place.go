package render

import (
	"fmt"
	"image"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/resample"
)

// place finds the photo's pixels that the model saw and samples the map at the
// centre of each. The map may have any resolution; it is stretched over the
// whole crop, so the h x w map of a layer can be placed as well as one at the
// size of the model's input. The values go into the memory given where that is large
// enough.
func place(into []float32, heat engine.Array, g preprocess.Geometry) (seen image.Rectangle, values []float32, err error) {
	x0, x1, onX := axis(g.OriginalW, g.ResizedW, g.CropX, g.CropW, heat.Shape[1])
	y0, y1, onY := axis(g.OriginalH, g.ResizedH, g.CropY, g.CropH, heat.Shape[0])
	seen = image.Rect(x0, y0, x1, y1)
	if seen.Empty() {
		return seen, nil, fmt.Errorf("render: the crop %+v does not touch the photo", g)
	}
	values = sized(into, seen.Dx()*seen.Dy())
	resample.Affine(values, heat.Data, heat.Shape[0], heat.Shape[1], seen.Dy(), seen.Dx(), onY, onX)
	return seen, values, nil
}

// axis works out one direction: the range of photo pixels whose centre lies in
// the crop, and the line from that range to the n values of the map.
//
// Photo pixel i has its centre at i+0.5. The resize moves that to
// (i+0.5)*resized/original, the crop takes its corner off, and the map has n
// values over the crop's extent.
func axis(original, resized, corner, extent, n int) (from, to int, on resample.Line) {
	from = firstPixel(corner, original, resized)
	to = firstPixel(corner+extent, original, resized)
	scale, stretch := float64(resized)/float64(original), float64(n)/float64(extent)
	return from, to, resample.Line{
		Scale:  scale * stretch,
		Offset: (float64(from)*scale - float64(corner)) * stretch,
	}
}

// firstPixel is the first photo pixel i whose centre is not before an edge of
// the crop, (i+0.5)*resized/original >= edge, in whole numbers because centres
// do fall on edges. It is original where there is none.
func firstPixel(edge, original, resized int) int {
	from, per := 2*edge*original-resized, 2*resized
	if from <= 0 {
		return 0
	}
	return min((from+per-1)/per, original)
}

// checkGeometry reports a geometry that is not that of the photo, or that is
// none at all.
func checkGeometry(photo *preprocess.Image, g preprocess.Geometry) error {
	if photo == nil || photo.W < 1 || photo.H < 1 || photo.W > maxSide || photo.H > maxSide {
		return fmt.Errorf("render: no photo to draw on")
	}
	if len(photo.Pix) != 3*photo.W*photo.H {
		return fmt.Errorf("render: a photo of %dx%d has %d bytes, got %d", photo.W, photo.H, 3*photo.W*photo.H, len(photo.Pix))
	}
	if g.OriginalW != photo.W || g.OriginalH != photo.H {
		return fmt.Errorf("render: the geometry is of a photo of %dx%d, this one has %dx%d; pass the photo that was preprocessed",
			g.OriginalW, g.OriginalH, photo.W, photo.H)
	}
	for _, side := range []int{g.ResizedW, g.ResizedH, g.CropW, g.CropH} {
		if side < 1 || side > maxSide {
			return fmt.Errorf("render: the geometry %+v has a side outside 1..%d", g, maxSide)
		}
	}
	if min(g.CropX, g.CropY) < -maxSide || max(g.CropX, g.CropY) > maxSide {
		return fmt.Errorf("render: the crop %+v does not touch the photo", g)
	}
	return nil
}

// Whole is the geometry of a photo that the model saw as it is.
func Whole(photo *preprocess.Image) preprocess.Geometry {
	return preprocess.Geometry{OriginalW: photo.W, OriginalH: photo.H, ResizedW: photo.W, ResizedH: photo.H,
		CropW: photo.W, CropH: photo.H}
}
