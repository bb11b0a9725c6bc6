package preprocess

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestJPEGAgainstPillow decodes every flavour and prints how far it is from
// Pillow (libjpeg-turbo). What is left is the inverse DCT of image/jpeg: one
// level in a component, up to three in RGB where all three components differ.
func TestJPEGAgainstPillow(t *testing.T) {
	// In levels of 255. A tenth of a level is below what JPEG's own
	// quantisation does to a pixel by a factor of fifty.
	const mostAllowed, meanAllowed = 3, 0.06
	var table strings.Builder
	fmt.Fprintf(&table, "%-22s %5s %8s\n", "JPEG", "max", "mean")
	for _, name := range goldenInputs(t, "jpeg") {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeBytes(golden(t, name), Options{})
			require.NoError(t, err)
			most, mean := difference(t, got, goldenImage(t, name+".rgb.png"))
			assert.LessOrEqual(t, most, mostAllowed)
			assert.LessOrEqual(t, mean, meanAllowed)
			fmt.Fprintf(&table, "%-22s %5d %8.4f\n", strings.TrimPrefix(name, "jpeg/"), most, mean)
		})
	}
	t.Logf("difference from Pillow, levels of 255\n%s", table.String())
}

// Without the libjpeg filters the same files are far off: the test above would
// notice if they were bypassed.
func TestStandardUpsamplingIsFarFromPillow(t *testing.T) {
	for _, name := range []string{"jpeg/420.jpg", "jpeg/422.jpg", "jpeg/440.jpg"} {
		std, err := jpeg.Decode(bytes.NewReader(golden(t, name)))
		require.NoError(t, err)
		plain := NewImage(std.Bounds().Dx(), std.Bounds().Dy())
		for i := 0; i < len(plain.Pix); i += 3 {
			r, g, b, _ := std.At(i/3%plain.W, i/3/plain.W).RGBA()
			copy(plain.Pix[i:], []uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)})
		}
		most, _ := difference(t, plain, goldenImage(t, name+".rgb.png"))
		assert.Greater(t, most, 10, name)
	}
}

// A decoded image of image/jpeg gets the same upsampling.
func TestFromImageTakesYCbCr(t *testing.T) {
	b := golden(t, "jpeg/420.jpg")
	std, err := jpeg.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	want, err := DecodeBytes(b, Options{})
	require.NoError(t, err)
	assert.Equal(t, want, FromImage(std))
}

func TestJPEGColourSpace(t *testing.T) {
	// The table of default_decompress_parms in libjpeg's jdapimin.c.
	three := func(ids string) []byte {
		return []byte{8, 0, 1, 0, 1, 3, ids[0], 0x11, 0, ids[1], 0x11, 0, ids[2], 0x11, 0}
	}
	four := append(three("CMY")[:5], 4, 'C', 0x11, 0, 'M', 0x11, 0, 'Y', 0x11, 0, 'K', 0x11, 0)
	cases := []struct {
		frame []byte
		jfif  bool
		adobe int
		want  colourSpace
	}{
		{[]byte{8, 0, 1, 0, 1, 1, 1, 0x11, 0}, true, -1, spaceGrey},
		{three("\x01\x02\x03"), true, -1, spaceYCC},
		{three("\x01\x02\x03"), false, -1, spaceYCC},
		{three("RGB"), false, -1, spaceRGB},
		{three("RGB"), true, -1, spaceYCC},
		{three("RGB"), false, 1, spaceYCC},
		{three("\x01\x02\x03"), false, 0, spaceRGB},
		{three("\x01\x02\x03"), true, 0, spaceYCC},
		{three("\x01\x02\x03"), false, 1, spaceYCC},
		{four, false, -1, spaceCMYK},
		{four, false, 0, spaceCMYK},
		{four, false, 2, spaceYCCK},
		{four, false, 1, spaceYCCK},
	}
	for _, c := range cases {
		assert.Equal(t, c.want, jpegSpace(c.frame, c.jfif, c.adobe), "%q jfif %v adobe %d", c.frame, c.jfif, c.adobe)
	}
}

func TestYCC(t *testing.T) {
	// Corners of the cube; the values are libjpeg's (jdcolor.c) by hand.
	cases := []struct{ y, cb, cr, r, g, b uint8 }{
		{0, 128, 128, 0, 0, 0},
		{255, 128, 128, 255, 255, 255},
		{76, 85, 255, 254, 0, 0}, // red: 76+178, 76-(-14.8+90.7), 76-76.2
		{150, 44, 21, 0, 255, 1}, // green
		{29, 255, 107, 0, 0, 254},
		{128, 0, 0, 0, 255, 0},
		{128, 255, 255, 255, 0, 255},
	}
	for _, c := range cases {
		var got [3]uint8
		ycc(got[:], []uint8{c.y}, []uint8{c.cb}, []uint8{c.cr})
		assert.Equal(t, [3]uint8{c.r, c.g, c.b}, got, "%v", c)
	}
}

// Another decoder gets what was checked, and has the last word where it takes it.
func TestAnotherJPEGDecoder(t *testing.T) {
	file := golden(t, "jpeg/420.jpg")
	want, err := DecodeBytes(file, Options{})
	require.NoError(t, err)
	for _, takes := range []bool{true, false} {
		got, err := DecodeBytes(file, Options{JPEG: func(b []byte, w, h int, rgb []uint8) bool {
			assert.Equal(t, file, b)
			assert.Equal(t, []int{want.W, want.H, len(want.Pix)}, []int{w, h, len(rgb)})
			for i := range rgb {
				rgb[i] = 7
			}
			return takes
		}})
		require.NoError(t, err)
		if takes {
			assert.Equal(t, bytes.Repeat([]byte{7}, len(want.Pix)), got.Pix)
		} else {
			assert.Equal(t, want, got)
		}
	}
	never := Options{MaxPixels: 10, JPEG: func([]byte, int, int, []uint8) bool { t.Error("asked beyond the budget"); return true }}
	_, err = DecodeBytes(file, never)
	require.ErrorIs(t, err, ErrTooManyPixels)
	_, err = DecodeBytes(file[:len(file)/2], Options{JPEG: func([]byte, int, int, []uint8) bool { return false }})
	require.ErrorIs(t, err, ErrTruncated)
}
