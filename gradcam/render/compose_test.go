package render

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

func TestSideBySide(t *testing.T) {
	out, err := SideBySide(grey(3, 8, 10), grey(5, 4, 20))
	require.NoError(t, err)
	require.Equal(t, [2]int{3 + 4 + 5, 8}, [2]int{out.W, out.H})
	for y := range 8 {
		for x := range 12 {
			want := uint8(255)
			switch {
			case x < 3:
				want = 10
			case x >= 7 && y >= 2 && y < 6:
				want = 20
			}
			assert.Equal(t, [3]uint8{want, want, want}, pixel(out, x, y), "%d,%d", x, y)
		}
	}
}

func TestSideBySideGapGrows(t *testing.T) {
	out, err := SideBySide(grey(10, 1000, 1), grey(10, 1000, 2), grey(10, 1000, 3))
	require.NoError(t, err)
	assert.Equal(t, 10+20+10+20+10, out.W)
}

func TestSideBySideOfOne(t *testing.T) {
	out, err := SideBySide(grey(3, 2, 7))
	require.NoError(t, err)
	assert.Equal(t, grey(3, 2, 7), out)
}

func TestSideBySideRefuses(t *testing.T) {
	_, err := SideBySide()
	assert.EqualError(t, err, "render: 0 pictures do not fit into one of at most 1048576 pixels a side")
	_, err = SideBySide(grey(2, 2, 0), nil)
	assert.EqualError(t, err, "render: picture 1 has no pixels")
	_, err = SideBySide(&preprocess.Image{W: 2, H: 2})
	assert.EqualError(t, err, "render: picture 0 has no pixels")
	wide := grey(maxSide/2, 1, 0)
	_, err = SideBySide(wide, wide)
	assert.EqualError(t, err, "render: 2 pictures do not fit into one of at most 1048576 pixels a side")
}
