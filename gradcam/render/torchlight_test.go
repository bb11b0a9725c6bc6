package render

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plainTorchlight is the style's definition in float64: the photo three tenths
// itself and seven tenths its luma, under the colour at opacity 0.8*heat.
func plainTorchlight(photo []uint8, heat float32, colors Colormap) [3]float64 {
	luma := 0.299*float64(photo[0]) + 0.587*float64(photo[1]) + 0.114*float64(photo[2])
	alpha := 0.8 * float64(heat)
	r, g, b := colors.Color(uint8(255*heat + 0.5))
	var out [3]float64
	for c, hot := range [3]uint8{r, g, b} {
		out[c] = (1-alpha)*(0.3*float64(photo[c])+0.7*luma) + alpha*float64(hot)
	}
	return out
}

func TestTorchlightAgainstPlain(t *testing.T) {
	photo, heat := goldenImage(t, "photo"), goldenHeat(t)
	for _, colors := range colormaps() {
		got, err := Overlay(photo, heat, Whole(photo), Torchlight{Colormap: colors})
		require.NoError(t, err)
		for i, v := range heat.Data {
			want := plainTorchlight(photo.Pix[3*i:], v, colors)
			for c := range 3 {
				// Two roundings, the truncated luma, and heat in 256 levels.
				require.InDelta(t, want[c], got.Pix[3*i+c], 2, "%v pixel %d", colors, i)
			}
		}
	}
}

func TestTorchlightExtremes(t *testing.T) {
	style := Torchlight{}
	for _, c := range []struct {
		photo [3]uint8
		heat  float32
		want  [3]uint8
	}{
		{[3]uint8{0, 0, 0}, 0, [3]uint8{0, 0, 0}},
		{[3]uint8{255, 255, 255}, 0, [3]uint8{255, 255, 255}},
		{[3]uint8{128, 128, 128}, 0, [3]uint8{128, 128, 128}},
		{[3]uint8{255, 0, 0}, 0, [3]uint8{130, 53, 53}},       // 0.3*255 + 0.7*76.2
		{[3]uint8{0, 0, 0}, 1, [3]uint8{202, 203, 131}},       // 0.8 of inferno's last colour
		{[3]uint8{255, 255, 255}, 1, [3]uint8{253, 254, 182}}, // and a fifth of white
	} {
		got := c.photo
		style.Blend(got[:], got[:], []float32{c.heat})
		assert.Equal(t, c.want, got, "%v at heat %v", c.photo, c.heat)
	}
}

func TestStyleDefaultsToTorchlight(t *testing.T) {
	photo, heat := goldenImage(t, "photo"), goldenHeat(t)
	want, err := Overlay(photo, heat, Whole(photo), Torchlight{Colormap: Inferno})
	require.NoError(t, err)
	got, err := Overlay(photo, heat, Whole(photo), nil)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestParseStyle(t *testing.T) {
	for _, s := range []Style{Torchlight{}, PytorchGradCAM{}, TorchCAM{}} {
		got, err := ParseStyle(s.Name())
		require.NoError(t, err)
		assert.Equal(t, s, got)
	}
	_, err := ParseStyle("captum")
	assert.EqualError(t, err, `render: no style "captum"; choose one of torchlight, pytorch-grad-cam, torch-cam`)
}

func BenchmarkBlend(b *testing.B) {
	photo, heat := make([]uint8, 3*1000*1000), make([]float32, 1000*1000)
	for i := range heat {
		heat[i] = float32(i%1000) / 1000
	}
	dst := make([]uint8, len(photo))
	for _, s := range []Style{Torchlight{}, PytorchGradCAM{}, TorchCAM{}} {
		b.Run(s.Name(), func(b *testing.B) {
			b.SetBytes(int64(len(photo)))
			for b.Loop() {
				s.Blend(dst, photo, heat)
			}
		})
	}
}
