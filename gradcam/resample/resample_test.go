package resample

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goldenCase is one map and what the peers named in scripts/golden/resample.py
// make of it.
type goldenCase struct {
	From         [2]int    `json:"from"`
	To           [2]int    `json:"to"`
	Src          []float32 `json:"src"`
	CV2          []float32 `json:"cv2"`
	HalfPixel    []float32 `json:"half_pixel"`
	AlignCorners []float32 `json:"align_corners"`
	Nearest      []float32 `json:"nearest"`
}

func golden(t *testing.T) []goldenCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/golden.json")
	require.NoError(t, err)
	var file struct{ Cases []goldenCase }
	require.NoError(t, json.Unmarshal(raw, &file))
	require.NotEmpty(t, file.Cases)
	return file.Cases
}

type resizer func(dst, src []float32, h, w, H, W int)

func (c goldenCase) run(f resizer) []float32 {
	dst := make([]float32, c.To[0]*c.To[1])
	f(dst, c.Src, c.From[0], c.From[1], c.To[0], c.To[1])
	return dst
}

func TestAgainstPeers(t *testing.T) {
	// Values are standard normal. torch's float32 positions are off by 1e-6 of a
	// pixel in the largest case, which is 4e-6 where neighbours differ by 4.
	for _, c := range golden(t) {
		t.Run(fmt.Sprintf("%v to %v", c.From, c.To), func(t *testing.T) {
			assert.InDeltaSlice(t, c.CV2, c.run(Bilinear), 4e-7, "cv2.resize")
			assert.InDeltaSlice(t, c.HalfPixel, c.run(Bilinear), 4e-6, "F.interpolate")
			assert.InDeltaSlice(t, c.AlignCorners, c.run(AlignCorners), 4e-6, "F.interpolate align_corners")
			assert.Equal(t, c.Nearest, c.run(Nearest), "F.interpolate nearest")
		})
	}
}

// plainBilinear is the textbook formula in float64, one output pixel at a time.
func plainBilinear(src []float32, h, w, H, W int, at func(y, x int) (float64, float64)) []float32 {
	pixel := func(y, x int) float64 {
		y, x = max(0, min(h-1, y)), max(0, min(w-1, x))
		return float64(src[y*w+x])
	}
	dst := make([]float32, H*W)
	for y := range H {
		for x := range W {
			sy, sx := at(y, x)
			y0, x0 := int(math.Floor(sy)), int(math.Floor(sx))
			fy, fx := sy-float64(y0), sx-float64(x0)
			dst[y*W+x] = float32((1-fy)*((1-fx)*pixel(y0, x0)+fx*pixel(y0, x0+1)) +
				fy*((1-fx)*pixel(y0+1, x0)+fx*pixel(y0+1, x0+1)))
		}
	}
	return dst
}

func TestAgainstPlainFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		h, w, H, W := 1+rng.IntN(20), 1+rng.IntN(20), 1+rng.IntN(60), 1+rng.IntN(60)
		src := make([]float32, h*w)
		for i := range src {
			src[i] = rng.Float32()
		}
		dst := make([]float32, H*W)
		name := fmt.Sprintf("%dx%d to %dx%d", h, w, H, W)

		Bilinear(dst, src, h, w, H, W)
		want := plainBilinear(src, h, w, H, W, func(y, x int) (float64, float64) {
			return (float64(y)+0.5)*float64(h)/float64(H) - 0.5, (float64(x)+0.5)*float64(w)/float64(W) - 0.5
		})
		assert.InDeltaSlice(t, want, dst, 4e-6, "Bilinear "+name)

		AlignCorners(dst, src, h, w, H, W)
		want = plainBilinear(src, h, w, H, W, func(y, x int) (float64, float64) {
			return float64(y*(h-1)) / math.Max(1, float64(H-1)), float64(x*(w-1)) / math.Max(1, float64(W-1))
		})
		assert.InDeltaSlice(t, want, dst, 4e-6, "AlignCorners "+name)

		ly := Line{Scale: 0.05 + 2*rng.Float64(), Offset: 10*rng.Float64() - 5}
		lx := Line{Scale: 0.05 + 2*rng.Float64(), Offset: 10*rng.Float64() - 5}
		Affine(dst, src, h, w, H, W, ly, lx)
		want = plainBilinear(src, h, w, H, W, func(y, x int) (float64, float64) {
			return (float64(y)+0.5)*ly.Scale + ly.Offset - 0.5, (float64(x)+0.5)*lx.Scale + lx.Offset - 0.5
		})
		assert.InDeltaSlice(t, want, dst, 1e-5, "Affine "+name)
	}
}

// By hand: 2 -> 4 pixels sit at -1/4, 1/4, 3/4, 5/4 with half-pixel centres, at
// 0, 1/3, 2/3, 1 with aligned corners.
func TestByHand(t *testing.T) {
	src, dst := []float32{0, 4}, make([]float32, 4)
	Bilinear(dst, src, 1, 2, 1, 4)
	assert.Equal(t, []float32{0, 1, 3, 4}, dst)
	AlignCorners(dst, src, 1, 2, 1, 4)
	assert.InDeltaSlice(t, []float32{0, 4. / 3, 8. / 3, 4}, dst, 1e-6)
	Nearest(dst, src, 1, 2, 1, 4)
	assert.Equal(t, []float32{0, 0, 4, 4}, dst)
	Affine(dst, src, 1, 2, 1, 4, Line{Scale: 1}, Line{Scale: 1, Offset: -1})
	assert.Equal(t, []float32{0, 0, 4, 4}, dst, "one pixel to the right, border repeated")
}

func TestAffineIsBilinear(t *testing.T) {
	src := []float32{1, 5, 2, 8, 3, 7}
	want, got := make([]float32, 35), make([]float32, 35)
	Bilinear(want, src, 2, 3, 7, 5)
	Affine(got, src, 2, 3, 7, 5, Line{Scale: 2. / 7}, Line{Scale: 3. / 5})
	assert.Equal(t, want, got)
}

func TestBilinearStaysInRange(t *testing.T) {
	src := []float32{0, 1, 1, 0, 1, 0, 0, 1, 0}
	dst := make([]float32, 224*224)
	Bilinear(dst, src, 3, 3, 224, 224)
	for _, v := range dst {
		require.True(t, v >= 0 && v <= 1, "%v outside 0..1", v)
	}
}

func TestBilinearKeepsNaNVisible(t *testing.T) {
	dst := make([]float32, 4)
	Bilinear(dst, []float32{float32(math.NaN()), 1}, 1, 2, 1, 4)
	assert.True(t, math.IsNaN(float64(dst[0])))
}

func TestMistakesPanic(t *testing.T) {
	for name, f := range map[string]resizer{"Bilinear": Bilinear, "AlignCorners": AlignCorners, "Nearest": Nearest,
		"Affine": func(dst, src []float32, h, w, H, W int) { Affine(dst, src, h, w, H, W, Line{Scale: 1}, Line{Scale: 1}) }} {
		four := make([]float32, 4)
		assert.PanicsWithValue(t, "resample: a 2x3 map has 6 values, got 4", func() { f(four, four, 2, 3, 2, 2) }, name)
		assert.PanicsWithValue(t, "resample: a 3x3 result needs room for 9 values, got 4", func() { f(four, four, 2, 2, 3, 3) }, name)
		assert.PanicsWithValue(t, "resample: sizes must be at least 1, got 2x2 to 0x4", func() { f(four, four, 2, 2, 0, 4) }, name)
	}
}

func BenchmarkBilinear(b *testing.B) {
	for _, s := range [][4]int{{7, 7, 224, 224}, {14, 14, 224, 224}, {7, 7, 1080, 1920}} {
		b.Run(fmt.Sprintf("%dx%d to %dx%d", s[0], s[1], s[2], s[3]), func(b *testing.B) {
			src, dst := make([]float32, s[0]*s[1]), make([]float32, s[2]*s[3])
			b.SetBytes(int64(4 * len(dst)))
			for b.Loop() {
				Bilinear(dst, src, s[0], s[1], s[2], s[3])
			}
		})
	}
}
