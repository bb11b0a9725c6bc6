package preprocess

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every mode a file can have, bit for bit.
func TestModesEqualPillow(t *testing.T) {
	for _, name := range goldenInputs(t, "mode") {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeBytes(golden(t, name), Options{})
			require.NoError(t, err)
			assert.Equal(t, goldenImage(t, name+".rgb.png"), got)
		})
	}
}

func TestDecodeWaysAgree(t *testing.T) {
	const name = "source/cat.png"
	b := golden(t, name)
	want := goldenImage(t, name)
	fromBytes, err := DecodeBytes(b, Options{})
	require.NoError(t, err)
	fromReader, err := Decode(iotest.OneByteReader(bytes.NewReader(b)), Options{})
	require.NoError(t, err)
	fromFile, err := DecodeFile(filepath.Join("testdata", name), Options{})
	require.NoError(t, err)
	decoded, _, err := image.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	for _, got := range []*Image{fromBytes, fromReader, fromFile, FromImage(decoded), FromImage(want)} {
		assert.Equal(t, want, got)
	}
}

func TestDecodeLeavesItsInputAlone(t *testing.T) {
	for _, name := range []string{"mode/small-frame-key.gif", "jpeg/ycck.jpg", "mode/rgba.png"} {
		b := golden(t, name)
		before := bytes.Clone(b)
		m, err := DecodeBytes(b, Options{})
		require.NoError(t, err)
		require.Equal(t, before, b)
		pix := bytes.Clone(m.Pix)
		clear(b)
		assert.Equal(t, pix, m.Pix)
	}
}

func TestDecodeConfig(t *testing.T) {
	cases := map[string]Config{
		"mode/rgba.png":            {Format: "PNG", W: 30, H: 38},
		"jpeg/ycck.jpg":            {Format: "JPEG", W: 60, H: 75},
		"jpeg/420-progressive.jpg": {Format: "JPEG", W: 60, H: 75},
		"mode/small-frame-key.gif": {Format: "GIF", W: 14, H: 11},
		"exif/6.jpg":               {Format: "JPEG", W: 19, H: 14, Orientation: 6},
		"exif/7.png":               {Format: "PNG", W: 19, H: 14, Orientation: 7},
	}
	for name, want := range cases {
		got, err := DecodeConfig(golden(t, name), Options{})
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
}

// Sub-images, premultiplied alpha and types without a fast path.
func TestFromImage(t *testing.T) {
	rgba := image.NewRGBA(image.Rect(0, 0, 3, 2))
	copy(rgba.Pix[4:], []uint8{50, 25, 0, 100}) // (1,0): 127.5, 63.75, 0 unmultiplied
	assert.Equal(t, []uint8{127, 63, 0, 0, 0, 0}, FromImage(rgba.SubImage(image.Rect(1, 0, 3, 1))).Pix)

	nrgba := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	copy(nrgba.Pix[12:], []uint8{9, 8, 7, 0})
	assert.Equal(t, []uint8{9, 8, 7}, FromImage(nrgba.SubImage(image.Rect(1, 1, 2, 2))).Pix)

	cmyk := image.NewCMYK(image.Rect(0, 0, 1, 1))
	assert.Equal(t, []uint8{255, 255, 255}, FromImage(cmyk).Pix)

	assert.Equal(t, &Image{Pix: []uint8{}}, FromImage(image.NewGray(image.Rect(2, 2, 2, 2))))
}

func TestDecodeConfigRefuses(t *testing.T) {
	_, err := DecodeConfig(golden(t, "mode/rgb.png"), Options{MaxPixels: 10})
	assert.ErrorIs(t, err, ErrTooManyPixels)
	_, err = DecodeConfig(golden(t, "refused/cat.bmp"), Options{})
	assert.ErrorIs(t, err, ErrUnsupported)
}

func TestImageIsAnImage(t *testing.T) {
	m := goldenImage(t, "source/dot.png")
	r, g, b, a := m.At(0, 0).RGBA()
	assert.Equal(t, [4]uint32{7 * 257, 130 * 257, 255 * 257, 65535}, [4]uint32{r, g, b, a})
	_, _, _, a = m.At(1, 0).RGBA()
	assert.Zero(t, a)
	assert.Equal(t, image.Rect(0, 0, 1, 1), m.Bounds())

	m = goldenImage(t, "source/cup.png")
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, m))
	back, err := Decode(&file, Options{})
	require.NoError(t, err)
	assert.Equal(t, m, back)
}

func TestDecodeFileNamesTheFile(t *testing.T) {
	_, err := DecodeFile(filepath.Join("testdata", "absent.png"), Options{})
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "absent.png")
	_, err = DecodeFile("testdata", Options{})
	assert.ErrorContains(t, err, "testdata")
	_, err = DecodeFile(filepath.Join("testdata", "refused", "cat.webp"), Options{})
	assert.EqualError(t, err, "preprocess: testdata/refused/cat.webp: unsupported image: WebP is not decoded; convert it to PNG or JPEG")
}
