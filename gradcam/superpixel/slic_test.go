package superpixel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam/superpixel"
)

// halves is dark on the left of a column, bright on its right.
func halves(c, h, w, at int) []float32 {
	x := make([]float32, c*h*w)
	for i := range x {
		if i%w >= at {
			x[i] = 1
		}
	}
	return x
}

func noise(n int) []float32 {
	rng, x := rand.New(rand.NewPCG(1, 2)), make([]float32, n)
	for i := range x {
		x[i] = rng.Float32()
	}
	return x
}

// No superpixel crosses an edge.
func TestSLICFollowsEdges(t *testing.T) {
	const h, w, edge = 24, 36, 13
	labels, err := superpixel.SLIC(halves(3, h, w, edge), 3, h, w, superpixel.Options{Segments: 12})
	require.NoError(t, err)
	left, right := map[int]bool{}, map[int]bool{}
	for i, l := range labels {
		if i%w < edge {
			left[l] = true
		} else {
			right[l] = true
		}
	}
	for l := range left {
		assert.NotContains(t, right, l)
	}
	assert.InDelta(t, 12, len(left)+len(right), 4)
}

// A flat image is cut along the grid of centres.
func TestSLICOfAFlatImageIsAGrid(t *testing.T) {
	labels, err := superpixel.SLIC(make([]float32, 8*8), 1, 8, 8, superpixel.Options{Segments: 4})
	require.NoError(t, err)
	for i, l := range labels {
		assert.Equal(t, i/8/4*2+i%8/4, l, "pixel %d", i)
	}
}

// Labels run from 0 without gaps, every superpixel is one piece, and none is
// tiny, even in noise.
func TestSLICIsConnected(t *testing.T) {
	for _, c := range []struct{ c, h, w, segments int }{{3, 40, 60, 30}, {1, 17, 31, 10}, {3, 1, 50, 5}, {2, 50, 1, 5}, {1, 1, 1, 0}, {3, 6, 6, 1000}} {
		x := noise(c.c * c.h * c.w)
		labels, err := superpixel.SLIC(x, c.c, c.h, c.w, superpixel.Options{Segments: c.segments})
		require.NoError(t, err)
		sizes, pieces := map[int]int{}, map[int]int{}
		seen := make([]bool, len(labels))
		for i, l := range labels {
			assert.LessOrEqual(t, l, len(sizes), "%+v: numbered by first pixel", c)
			sizes[l]++
			if !seen[i] {
				pieces[l]++
				visit(labels, seen, i, c.h, c.w)
			}
		}
		for l, n := range pieces {
			assert.Equal(t, 1, n, "%+v: superpixel %d", c, l)
			assert.GreaterOrEqual(t, sizes[l], min(c.h*c.w, c.h*c.w/max(c.segments, 1)/4))
		}
	}
}

func visit(labels []int, seen []bool, i, h, w int) {
	seen[i] = true
	for _, d := range [][2]int{{0, 1}, {0, -1}, {1, 0}, {-1, 0}} {
		y, x := i/w+d[0], i%w+d[1]
		if y >= 0 && x >= 0 && y < h && x < w && !seen[y*w+x] && labels[y*w+x] == labels[i] {
			visit(labels, seen, y*w+x, h, w)
		}
	}
}

// Scaling and shifting the values changes nothing: the network's normalisation
// does not matter.
func TestSLICIsDeterministicAndFreeOfScale(t *testing.T) {
	x := noise(3 * 32 * 32)
	want, err := superpixel.SLIC(x, 3, 32, 32, superpixel.Options{})
	require.NoError(t, err)
	scaled := make([]float32, len(x))
	for i, v := range x {
		scaled[i] = v*4 - 8
	}
	got, err := superpixel.SLIC(scaled, 3, 32, 32, superpixel.Options{Segments: 50, Compactness: 10, Iterations: 10})
	require.NoError(t, err)
	same := 0
	for i := range want {
		if want[i] == got[i] {
			same++
		}
	}
	assert.Greater(t, same, len(want)*95/100, "rounding may move a pixel on a border")
	again, err := superpixel.SLIC(x, 3, 32, 32, superpixel.Options{})
	require.NoError(t, err)
	assert.Equal(t, want, again)
}

func TestSLICRefuses(t *testing.T) {
	_, err := superpixel.SLIC(make([]float32, 5), 1, 2, 2, superpixel.Options{})
	assert.EqualError(t, err, "superpixel: an image of 5 values is not [1 2 2]")
	_, err = superpixel.SLIC(make([]float32, 4), 1, 2, 2, superpixel.Options{Segments: -1})
	assert.ErrorContains(t, err, "give numbers above 0")
}
