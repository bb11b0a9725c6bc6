package render

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/npy"
)

// goldenImage reads a picture that numpy saved as [H,W,3] bytes.
func goldenImage(t testing.TB, name string) *preprocess.Image {
	t.Helper()
	a, err := npy.ReadFile("testdata/" + name + ".npy")
	require.NoError(t, err)
	require.Len(t, a.Shape, 3)
	img := preprocess.NewImage(a.Shape[1], a.Shape[0])
	require.Len(t, img.Pix, len(a.Ints))
	for i, v := range a.Ints {
		img.Pix[i] = uint8(v)
	}
	return img
}

func goldenHeat(t testing.TB) engine.Array {
	t.Helper()
	a, err := npy.ReadFile("testdata/heat.npy")
	require.NoError(t, err)
	return a
}

// The pictures come from the peers themselves (scripts/golden/overlay.py).
func TestPeerStylesPixelByPixel(t *testing.T) {
	for _, style := range []Style{PytorchGradCAM{}, TorchCAM{}} {
		for _, name := range []string{"photo", "dark"} {
			photo := goldenImage(t, name)
			before := append([]uint8(nil), photo.Pix...)
			got, err := Overlay(photo, goldenHeat(t), Whole(photo), style)
			require.NoError(t, err)
			assert.Equal(t, goldenImage(t, name+"."+style.Name()), got, "%s on %s", style.Name(), name)
			assert.Equal(t, before, photo.Pix, "the photo is left alone")
		}
	}
}

// The peer sees only the model's input: what lies around that in the photo must
// not change a pixel of it.
func TestPeerStylesInsideACrop(t *testing.T) {
	const left, top = 9, 5
	inner := goldenImage(t, "dark")
	photo := preprocess.NewImage(inner.W+left+3, inner.H+top+8)
	for i := range photo.Pix {
		photo.Pix[i] = 250
	}
	g := preprocess.Geometry{OriginalW: photo.W, OriginalH: photo.H, ResizedW: photo.W, ResizedH: photo.H,
		CropX: left, CropY: top, CropW: inner.W, CropH: inner.H}
	crop := inner.Bounds().Add(image.Pt(left, top))
	paste(photo, inner.Pix, crop)
	for _, style := range []Style{PytorchGradCAM{}, TorchCAM{}} {
		got, err := Overlay(photo, goldenHeat(t), g, style)
		require.NoError(t, err)
		assert.Equal(t, goldenImage(t, "dark."+style.Name()).Pix, cut(nil, got, crop), style.Name())
	}
}
