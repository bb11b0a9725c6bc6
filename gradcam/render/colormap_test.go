package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func colormaps() []Colormap { return []Colormap{Inferno, Viridis, Turbo, JetCV, JetMPL} }

// The checksums and entries are those of pictures that matplotlib saved and
// OpenCV coloured (scripts/golden/colormaps.py), not of the generated files.
func TestColormapsAgainstTheLibraries(t *testing.T) {
	raw, err := os.ReadFile("testdata/colormaps.json")
	require.NoError(t, err)
	var golden struct {
		Maps map[string]struct {
			SHA256  string
			Entries map[string][3]uint8
		}
	}
	require.NoError(t, json.Unmarshal(raw, &golden))
	require.Len(t, golden.Maps, len(colormaps()))
	for _, c := range colormaps() {
		want, ok := golden.Maps[c.String()]
		require.True(t, ok, c)
		sum := sha256.New()
		for l := range 256 {
			r, g, b := c.Color(uint8(l))
			sum.Write([]byte{r, g, b})
		}
		assert.Equal(t, want.SHA256, hex.EncodeToString(sum.Sum(nil)), c)
		require.NotEmpty(t, want.Entries)
		for at, rgb := range want.Entries {
			l, err := strconv.Atoi(at)
			require.NoError(t, err)
			r, g, b := c.Color(uint8(l))
			assert.Equal(t, rgb, [3]uint8{r, g, b}, "%v %s", c, at)
		}
	}
}

func TestTheTwoJetsDiffer(t *testing.T) {
	largest := 0
	for l := range 256 {
		for c := range 3 {
			d := int(jetCVTable[l][c]) - int(jetMPLTable[l][c])
			largest = max(largest, d, -d)
		}
	}
	assert.Equal(t, 33, largest)
}

// A perceptual map never gets darker as heat rises (BT.709 luminance of the
// linearised colours; a level of rounding is allowed).
func TestPerceptualMapsGetBrighter(t *testing.T) {
	for _, c := range []Colormap{Inferno, Viridis} {
		last := -1.0
		for l := range 256 {
			r, g, b := c.Color(uint8(l))
			y := 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
			assert.Greater(t, y, last-0.002, "%v at %d", c, l)
			last = y
		}
	}
}

func linear(v uint8) float64 { x := float64(v) / 255; return x * x } // gamma 2 is close enough

func TestParseColormap(t *testing.T) {
	for _, c := range colormaps() {
		got, err := ParseColormap(c.String())
		require.NoError(t, err)
		assert.Equal(t, c, got)
	}
	jet, err := ParseColormap("jet")
	require.NoError(t, err)
	assert.Equal(t, JetMPL, jet)

	_, err = ParseColormap("magma")
	assert.EqualError(t, err, `render: no colour map "magma"; choose one of inferno, viridis, turbo, jet-cv, jet-mpl, jet`)
	assert.Equal(t, "Colormap(99)", Colormap(99).String())
}
