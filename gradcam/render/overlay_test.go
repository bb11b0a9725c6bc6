package render

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

func grey(w, h int, v uint8) *preprocess.Image {
	img := preprocess.NewImage(w, h)
	for i := range img.Pix {
		img.Pix[i] = v
	}
	return img
}

// pixel reads one colour.
func pixel(img *preprocess.Image, x, y int) [3]uint8 {
	return [3]uint8(img.Pix[3*(y*img.W+x):][:3])
}

func TestOverlayOutsideTheCrop(t *testing.T) {
	photo := grey(20, 12, 100)
	g := preprocess.Geometry{OriginalW: 20, OriginalH: 12, ResizedW: 20, ResizedH: 12, CropX: 5, CropY: 2, CropW: 8, CropH: 8}
	seen := image.Rect(5, 2, 13, 10)
	for _, style := range []Style{Torchlight{}, PytorchGradCAM{}, TorchCAM{}} {
		out, err := Overlay(photo, engine.NewArray(8, 8), g, style)
		require.NoError(t, err)
		inside, err := Overlay(grey(8, 8, 100), engine.NewArray(8, 8), Whole(grey(8, 8, 100)), style)
		require.NoError(t, err)
		for y := range 12 {
			for x := range 20 {
				at, want := image.Pt(x, y), [3]uint8{50, 50, 50}
				switch {
				case at.In(seen):
					want = pixel(inside, x-5, y-2)
				case at.In(seen.Inset(-1)):
					want = [3]uint8{220, 220, 220}
				}
				require.Equal(t, want, pixel(out, x, y), "%s at %v", style.Name(), at)
			}
		}
	}
}

// A crop that reaches beyond the photo, or ends at its edge, has no line there.
func TestOverlayFrameStaysInThePhoto(t *testing.T) {
	photo := grey(10, 6, 100)
	g := preprocess.Geometry{OriginalW: 10, OriginalH: 6, ResizedW: 10, ResizedH: 6, CropX: 4, CropY: -3, CropW: 12, CropH: 12}
	out, err := Overlay(photo, engine.NewArray(12, 12), g, nil)
	require.NoError(t, err)
	for y := range 6 {
		assert.Equal(t, [3]uint8{50, 50, 50}, pixel(out, 2, y))
		assert.Equal(t, [3]uint8{220, 220, 220}, pixel(out, 3, y))
		assert.Equal(t, [3]uint8{100, 100, 100}, pixel(out, 4, y), "no heat: grey stays what it is")
		assert.Equal(t, [3]uint8{100, 100, 100}, pixel(out, 9, y))
	}
}

func TestOverlayFrameGrowsWithThePhoto(t *testing.T) {
	photo := grey(1000, 1600, 100)
	g := preprocess.Geometry{OriginalW: 1000, OriginalH: 1600, ResizedW: 100, ResizedH: 160, CropX: 10, CropY: 20, CropW: 80, CropH: 80}
	out, err := Overlay(photo, engine.NewArray(7, 7), g, nil)
	require.NoError(t, err)
	for x, want := range map[int]uint8{97: 50, 98: 220, 99: 220, 100: 100, 899: 100, 900: 220, 901: 220, 902: 50} {
		assert.Equal(t, [3]uint8{want, want, want}, pixel(out, x, 500), "column %d", x)
	}
}

// A heat of zero everywhere is a blank map: the photo, faded, and no colour.
func TestOverlayOfABlankMapHasNoColour(t *testing.T) {
	photo := goldenImage(t, "photo")
	out, err := Overlay(photo, engine.NewArray(7, 7), Whole(photo), nil)
	require.NoError(t, err)
	for i := 0; i < len(out.Pix); i += 3 {
		r, g, b := faded(photo.Pix[i], photo.Pix[i+1], photo.Pix[i+2])
		require.Equal(t, []uint8{uint8(r), uint8(g), uint8(b)}, out.Pix[i:i+3])
	}
}

func TestOverlayIsDeterministicAndLeavesItsInputsAlone(t *testing.T) {
	photo, heat := goldenImage(t, "photo"), randomHeat(rand.New(rand.NewPCG(5, 6)), 7, 7)
	g := preprocess.Geometry{OriginalW: photo.W, OriginalH: photo.H, ResizedW: 70, ResizedH: 51, CropX: 7, CropY: 9, CropW: 32, CropH: 32}
	pixels, values := append([]uint8(nil), photo.Pix...), append([]float32(nil), heat.Data...)
	first, err := Overlay(photo, heat, g, nil)
	require.NoError(t, err)
	second, err := Overlay(photo, heat, g, nil)
	require.NoError(t, err)
	assert.Equal(t, first, second)
	assert.Equal(t, pixels, photo.Pix)
	assert.Equal(t, values, heat.Data)
}

func BenchmarkOverlay(b *testing.B) {
	for _, s := range []struct{ w, h, rw, rh int }{{224, 224, 224, 224}, {640, 480, 341, 256}, {4000, 3000, 341, 256}} {
		b.Run(fmt.Sprintf("%dx%d", s.w, s.h), func(b *testing.B) {
			photo := grey(s.w, s.h, 100)
			g := preprocess.Geometry{OriginalW: s.w, OriginalH: s.h, ResizedW: s.rw, ResizedH: s.rh,
				CropX: (s.rw - 224) / 2, CropY: (s.rh - 224) / 2, CropW: 224, CropH: 224}
			heat := randomHeat(rand.New(rand.NewPCG(1, 1)), 224, 224)
			b.SetBytes(int64(len(photo.Pix)))
			for b.Loop() {
				if _, err := Overlay(photo, heat, g, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
