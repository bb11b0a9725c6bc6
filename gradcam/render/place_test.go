package render

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// plainPlace asks for every pixel of the photo where its centre lies in the
// model's input, and reads the map there. Pixels outside are absent.
func plainPlace(heat engine.Array, g preprocess.Geometry) map[image.Point]float64 {
	h, w := heat.Shape[0], heat.Shape[1]
	value := func(y, x int) float64 {
		return float64(heat.Data[max(0, min(h-1, y))*w+max(0, min(w-1, x))])
	}
	values := map[image.Point]float64{}
	for py := range g.OriginalH {
		for px := range g.OriginalW {
			// Compared as fractions: a centre may lie exactly on an edge.
			cx, cy := (2*px+1)*g.ResizedW-2*g.OriginalW*g.CropX, (2*py+1)*g.ResizedH-2*g.OriginalH*g.CropY
			if cx < 0 || cy < 0 || cx >= 2*g.OriginalW*g.CropW || cy >= 2*g.OriginalH*g.CropH {
				continue
			}
			x, y := g.FromOriginal(float64(px)+0.5, float64(py)+0.5)
			my, mx := y*float64(h)/float64(g.CropH)-0.5, x*float64(w)/float64(g.CropW)-0.5
			y0, x0 := int(math.Floor(my)), int(math.Floor(mx))
			fy, fx := my-float64(y0), mx-float64(x0)
			values[image.Pt(px, py)] = (1-fy)*((1-fx)*value(y0, x0)+fx*value(y0, x0+1)) +
				fy*((1-fx)*value(y0+1, x0)+fx*value(y0+1, x0+1))
		}
	}
	return values
}

func randomHeat(rng *rand.Rand, h, w int) engine.Array {
	heat := engine.NewArray(h, w)
	for i := range heat.Data {
		heat.Data[i] = rng.Float32()
	}
	return heat
}

func TestPlaceAgainstPlain(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	geometries := []preprocess.Geometry{
		{OriginalW: 64, OriginalH: 48, ResizedW: 64, ResizedH: 48, CropW: 64, CropH: 48},                            // as it is
		{OriginalW: 64, OriginalH: 48, ResizedW: 34, ResizedH: 25, CropX: 6, CropY: 1, CropW: 22, CropH: 22},        // shrunk and cropped
		{OriginalW: 30, OriginalH: 40, ResizedW: 60, ResizedH: 81, CropX: 5, CropY: 13, CropW: 50, CropH: 50},       // enlarged
		{OriginalW: 20, OriginalH: 20, ResizedW: 20, ResizedH: 20, CropX: -4, CropY: -3, CropW: 28, CropH: 26},      // padded
		{OriginalW: 100, OriginalH: 10, ResizedW: 256, ResizedH: 26, CropX: 16, CropY: -99, CropW: 224, CropH: 224}, // long and padded
		{OriginalW: 51, OriginalH: 33, ResizedW: 224, ResizedH: 224, CropW: 224, CropH: 224},                        // squeezed
	}
	for range 40 {
		g := preprocess.Geometry{OriginalW: 1 + rng.IntN(60), OriginalH: 1 + rng.IntN(60), ResizedW: 1 + rng.IntN(90), ResizedH: 1 + rng.IntN(90)}
		g.CropX, g.CropY = rng.IntN(g.ResizedW), rng.IntN(g.ResizedH)
		g.CropW, g.CropH = 1+rng.IntN(90), 1+rng.IntN(90)
		geometries = append(geometries, g)
	}
	for _, g := range geometries {
		for _, size := range [][2]int{{g.CropH, g.CropW}, {7, 7}, {1, 1}, {3, 14}} {
			heat := randomHeat(rng, size[0], size[1])
			want := plainPlace(heat, g)
			seen, values, err := place(nil, heat, g)
			if len(want) == 0 {
				require.ErrorContains(t, err, "does not touch the photo", "%+v", g)
				continue
			}
			require.NoError(t, err)
			require.Len(t, values, len(want), "%+v", g)
			for at, v := range want {
				require.True(t, at.In(seen), "%v outside %v of %+v", at, seen, g)
				got := values[(at.Y-seen.Min.Y)*seen.Dx()+at.X-seen.Min.X]
				require.InDelta(t, v, got, 1e-5, "%v of %+v", at, g)
			}
		}
	}
}

// torchvision's evaluation transform on a 500x375 photo: resized to 341x256,
// the middle 224x224 cut out. The model's centre pixel is the photo's centre.
func TestPlaceOfATypicalPhoto(t *testing.T) {
	g := preprocess.Geometry{OriginalW: 500, OriginalH: 375, ResizedW: 341, ResizedH: 256,
		CropX: 58, CropY: 16, CropW: 224, CropH: 224}
	heat := engine.NewArray(224, 224)
	heat.Data[112*224+112] = 1
	seen, values, err := place(nil, heat, g)
	require.NoError(t, err)
	assert.Equal(t, image.Rect(85, 23, 413, 352), seen)
	hottest := 0
	for i, v := range values {
		if v > values[hottest] {
			hottest = i
		}
	}
	assert.Equal(t, image.Pt(249, 188), seen.Min.Add(image.Pt(hottest%seen.Dx(), hottest/seen.Dx())))
}

// A 7x7 map on a large photo rises in small steps only.
func TestPlaceHasNoStairs(t *testing.T) {
	heat := engine.NewArray(7, 7)
	heat.Data[3*7+3] = 1
	photo := preprocess.Geometry{OriginalW: 1400, OriginalH: 1400, ResizedW: 224, ResizedH: 224, CropW: 224, CropH: 224}
	_, values, err := place(nil, heat, photo)
	require.NoError(t, err)
	for i := 1; i < 1400; i++ {
		step := math.Abs(float64(values[700*1400+i] - values[700*1400+i-1]))
		require.LessOrEqual(t, step, 1.0/200+1e-5, "column %d", i)
	}
}

func TestGeometryIsChecked(t *testing.T) {
	photo := preprocess.NewImage(40, 30)
	whole := Whole(photo)
	with := func(change func(*preprocess.Geometry)) preprocess.Geometry {
		g := whole
		change(&g)
		return g
	}
	sides := "render: the geometry %+v has a side outside 1..1048576"
	nowhere := "render: the crop %+v does not touch the photo"
	for _, c := range []struct {
		photo *preprocess.Image
		g     preprocess.Geometry
		want  string
	}{
		{nil, whole, "render: no photo to draw on"},
		{&preprocess.Image{}, preprocess.Geometry{}, "render: no photo to draw on"},
		{&preprocess.Image{W: 40, H: 30, Pix: make([]uint8, 5)}, whole, "render: a photo of 40x30 has 3600 bytes, got 5"},
		{photo, preprocess.Geometry{}, "render: the geometry is of a photo of 0x0, this one has 40x30; pass the photo that was preprocessed"},
		{photo, with(func(g *preprocess.Geometry) { g.OriginalW, g.OriginalH = 30, 40 }),
			"render: the geometry is of a photo of 30x40, this one has 40x30; pass the photo that was preprocessed"},
		{photo, with(func(g *preprocess.Geometry) { g.ResizedW = 0 }), sides},
		{photo, with(func(g *preprocess.Geometry) { g.CropH = -5 }), sides},
		{photo, with(func(g *preprocess.Geometry) { g.ResizedH = math.MaxInt }), sides},
		{photo, with(func(g *preprocess.Geometry) { g.CropX = 40 }), nowhere},
		{photo, with(func(g *preprocess.Geometry) { g.CropY = -30 }), nowhere},
		{photo, with(func(g *preprocess.Geometry) { g.CropX = math.MinInt }), nowhere},
		{photo, with(func(g *preprocess.Geometry) { g.CropY = math.MaxInt }), nowhere},
	} {
		want := c.want
		if want == sides || want == nowhere {
			want = fmt.Sprintf(want, c.g)
		}
		_, err := Overlay(c.photo, engine.NewArray(2, 2), c.g, nil)
		assert.EqualError(t, err, want)
	}
}
