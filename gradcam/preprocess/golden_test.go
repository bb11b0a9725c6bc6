package preprocess

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The files under testdata are written by scripts/golden/preprocess.py, which
// asks Pillow and torchvision; versions.json says which. NAME.rgb.png holds what
// PIL.Image.open(NAME).convert("RGB") is.

// golden reads a file of testdata.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

func goldenJSON(t testing.TB, name string, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(golden(t, name), v))
}

// goldenImage reads an 8-bit RGB or grey PNG with image/png alone, so that no
// code under test decides what is expected of it.
func goldenImage(t testing.TB, name string) *Image {
	t.Helper()
	decoded, err := png.Decode(bytes.NewReader(golden(t, name)))
	require.NoError(t, err, name)
	m := NewImage(decoded.Bounds().Dx(), decoded.Bounds().Dy())
	for i := 0; i < len(m.Pix); i += 3 {
		switch s := decoded.(type) {
		case *image.RGBA:
			copy(m.Pix[i:i+3], s.Pix[i/3*4:])
		case *image.Gray:
			copy(m.Pix[i:i+3], []uint8{s.Pix[i/3], s.Pix[i/3], s.Pix[i/3]})
		default:
			require.Failf(t, "unexpected kind of image", "%s: %T", name, decoded)
		}
	}
	return m
}

// goldenInputs are the names of the inputs in a folder of testdata, those files
// that have a .rgb.png beside them.
func goldenInputs(t testing.TB, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.rgb.png"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = filepath.Join(folder, strings.TrimSuffix(filepath.Base(p), ".rgb.png"))
	}
	return names
}

// difference is the largest and the mean absolute difference of two images of
// one size, in levels of 255.
func difference(t testing.TB, got, want *Image) (most int, mean float64) {
	t.Helper()
	require.Equal(t, [2]int{want.W, want.H}, [2]int{got.W, got.H}, "size")
	require.Len(t, got.Pix, len(want.Pix))
	sum := 0
	for i, v := range got.Pix {
		d := int(v) - int(want.Pix[i])
		d = max(d, -d)
		most = max(most, d)
		sum += d
	}
	return most, float64(sum) / float64(len(got.Pix))
}
