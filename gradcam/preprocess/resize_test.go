package preprocess

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// filters are the interpolations that Pillow has.
var filters = []Interpolation{Nearest, Box, Bilinear, Hamming, Bicubic, Lanczos}

// TestResizeEqualsPillow asks for the very bytes, over reductions, enlargements,
// extreme ratios and single pixels, for all of Pillow's filters.
func TestResizeEqualsPillow(t *testing.T) {
	var cases []struct {
		Source string
		W, H   int
		Filter Interpolation
		SHA256 string
	}
	goldenJSON(t, "resize.json", &cases)
	require.Greater(t, len(cases), 100)
	for _, c := range cases {
		src := goldenImage(t, "source/"+c.Source+".png")
		got, err := src.Resize(c.W, c.H, c.Filter)
		require.NoError(t, err)
		require.Len(t, got.Pix, 3*c.W*c.H)
		assert.Equal(t, c.SHA256, hash(got.Pix), "%s to %dx%d by %s: %s", c.Source, c.W, c.H, c.Filter,
			"run TestResizeEqualsPlainTwin to see pixels")
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// plainResize is the definition of Pillow's resize, without windows shared
// between rows, without streaming and without cropping.
func plainResize(src raster, w, h int, by Interpolation) raster {
	k, _ := kernelOf(by)
	axis := func(in, out, i int, at func(x int) uint8) uint8 {
		scale := float64(in) / float64(out)
		stretch := math.Max(scale, 1)
		centre := (float64(i) + 0.5) * scale
		low := int(math.Max(math.Trunc(centre-k.support*stretch+0.5), 0))
		high := int(math.Min(math.Trunc(centre+k.support*stretch+0.5), float64(in)))
		total := 0.0
		for x := low; x < high; x++ {
			total += k.weight((float64(x) - centre + 0.5) / stretch)
		}
		sum := int64(1 << 21)
		for x := low; x < high; x++ {
			weight := k.weight((float64(x)-centre+0.5)/stretch) / total * (1 << 22)
			sum += int64(math.Round(weight)) * int64(at(x))
		}
		return uint8(max(0, min(sum>>22, 255)))
	}
	width := func(src raster) raster {
		out := newRaster(w, src.h, src.channels)
		for i := range out.pix {
			x, y, c := i/src.channels%w, i/src.channels/w, i%src.channels
			out.pix[i] = axis(src.w, w, x, func(x int) uint8 { return src.pix[(y*src.w+x)*src.channels+c] })
		}
		return out
	}
	height := func(src raster) raster {
		out := newRaster(src.w, h, src.channels)
		for i := range out.pix {
			x, y, c := i/src.channels%src.w, i/src.channels/src.w, i%src.channels
			out.pix[i] = axis(src.h, h, y, func(y int) uint8 { return src.pix[(y*src.w+x)*src.channels+c] })
		}
		return out
	}
	if h < src.h && src.h-h > 2*(src.w-w) { // as Pillow 13 was seen to choose
		return width(height(src))
	}
	return height(width(src))
}

func TestResizeEqualsPlainTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var again scratch // the memory of a resize of another size and filter
	for range 60 {
		channels := 1 + 2*rng.IntN(2)
		src := newRaster(1+rng.IntN(40), 1+rng.IntN(40), channels)
		for i := range src.pix {
			src.pix[i] = uint8(rng.IntN(256))
		}
		w, h := 1+rng.IntN(60), 1+rng.IntN(60)
		for _, by := range filters[1:] {
			got := again.resizePIL(src, w, h, image.Rect(0, 0, w, h), by)
			require.Equal(t, plainResize(src, w, h, by), got, "%dx%d to %dx%d by %s", src.w, src.h, w, h, by)
		}
	}
}

// What the crop keeps is what a crop of the whole would keep.
func TestResizeOfAPart(t *testing.T) {
	m := goldenImage(t, "source/noise.png")
	src := raster{m.W, m.H, 3, m.Pix}
	resizes := map[string]func(raster, int, int, image.Rectangle, Interpolation) raster{
		"pil": func(src raster, w, h int, part image.Rectangle, by Interpolation) raster {
			return new(scratch).resizePIL(src, w, h, part, by)
		},
		"tensor": resizeTensor,
	}
	parts := []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(5, 3, 20, 17), image.Rect(19, 0, 20, 18)}
	for kind, resize := range resizes {
		for _, by := range []Interpolation{Nearest, NearestExact, Bilinear, Bicubic} {
			for _, size := range [][2]int{{20, 18}, {100, 19}, {41, 18}, {23, 29}, {41, 29}} {
				whole := resize(src, size[0], size[1], image.Rect(0, 0, size[0], size[1]), by)
				for _, part := range parts {
					assert.Equal(t, whole.crop(part), resize(src, size[0], size[1], part, by), "%s %s %v %v", kind, by, size, part)
				}
			}
		}
	}
}

func TestResizeNeverSharesPixels(t *testing.T) {
	m := goldenImage(t, "source/noise.png")
	for _, by := range filters {
		same, err := m.Resize(m.W, m.H, by)
		require.NoError(t, err)
		require.Equal(t, m, same)
		same.Pix[0]++
		assert.NotEqual(t, m.Pix[0], same.Pix[0])
	}
}

func TestResizeRefuses(t *testing.T) {
	m := goldenImage(t, "source/dot.png")
	_, err := m.Resize(0, 3, Bilinear)
	assert.ErrorIs(t, err, ErrPipeline)
	_, err = m.Resize(3, 3, "sinc")
	assert.EqualError(t, err, `preprocess: invalid pipeline: resize by "sinc", which is no interpolation; give bilinear, bicubic or another`)
	_, err = (&Image{W: 2, H: 2, Pix: make([]uint8, 11)}).Resize(3, 3, Bilinear)
	assert.ErrorIs(t, err, ErrCorrupt)
	_, err = (*Image)(nil).Resize(3, 3, Bilinear)
	assert.ErrorIs(t, err, ErrEmpty)
}
