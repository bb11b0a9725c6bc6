//go:build libjpegturbo && cgo

package libjpeg

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What Pillow decodes, which uses libjpeg-turbo as well: scripts/golden/preprocess.py.
const samples = "../../gradcam/preprocess/testdata/jpeg/*.jpg"

// decode decodes a file by its own header.
func decode(t *testing.T, file []byte) (rgb []uint8, w, h int, ok bool) {
	t.Helper()
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	require.NoError(t, err)
	rgb = make([]uint8, 3*c.Width*c.Height)
	return rgb, c.Width, c.Height, DecodeRGB(file, c.Width, c.Height, rgb)
}

// Levels are Pillow's, every one. Four components are left to others.
func TestPillow(t *testing.T) {
	names, err := filepath.Glob(samples)
	require.NoError(t, err)
	taken := 0
	for _, name := range names {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		rgb, w, h, ok := decode(t, file)
		if four := strings.Contains(name, "cmyk") || strings.Contains(name, "ycck"); four {
			assert.False(t, ok, name)
			continue
		}
		require.True(t, ok, name)
		f, err := os.Open(name + ".rgb.png")
		require.NoError(t, err)
		want, err := png.Decode(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		for i := 0; i < len(rgb); i += 3 {
			r, g, b, _ := want.At(i/3%w, i/3/w).RGBA()
			require.Equal(t, []uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}, rgb[i:i+3], "%s (%d of %dx%d)", name, i/3, w, h)
		}
		taken++
	}
	assert.Greater(t, taken, 10)
}

func TestRefused(t *testing.T) {
	file, err := os.ReadFile(filepath.Dir(samples) + "/420.jpg")
	require.NoError(t, err)
	rgb, w, h, ok := decode(t, file)
	require.True(t, ok)
	garbled := bytes.Clone(file)
	for i := len(file) / 2; i < len(file)-2; i++ {
		garbled[i] = 0x55
	}
	for name, refused := range map[string]bool{
		"cut short":     DecodeRGB(file[:len(file)/2], w, h, rgb),
		"no end":        DecodeRGB(file[:len(file)-2], w, h, rgb),
		"only a header": DecodeRGB(file[:200], w, h, rgb),
		"garbled":       DecodeRGB(garbled, w, h, rgb),
		"no JPEG":       DecodeRGB([]byte("a sentence that is no JPEG"), w, h, rgb),
		"empty":         DecodeRGB(nil, w, h, rgb),
		"wider":         DecodeRGB(file, w+1, h, make([]uint8, 3*(w+1)*h)),
		"lower":         DecodeRGB(file, w, h-1, make([]uint8, 3*w*(h-1))),
		"no room":       DecodeRGB(file, w, h, rgb[1:]),
		"no size":       DecodeRGB(file, 0, h, nil),
	} {
		assert.False(t, refused, name)
	}
}

func TestSideBySide(t *testing.T) {
	file, err := os.ReadFile(filepath.Dir(samples) + "/420-progressive.jpg")
	require.NoError(t, err)
	want, w, h, ok := decode(t, file)
	require.True(t, ok)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			rgb := make([]uint8, len(want))
			for range 20 {
				assert.True(t, DecodeRGB(file, w, h, rgb))
				assert.False(t, DecodeRGB(file[:len(file)-10-i], w, h, make([]uint8, len(want))))
			}
			assert.Equal(t, want, rgb)
		})
	}
	wg.Wait()
}

func FuzzDecodeRGB(f *testing.F) {
	names, err := filepath.Glob(samples)
	require.NoError(f, err)
	for _, name := range names {
		file, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Fuzz(func(_ *testing.T, file []byte) {
		c, err := jpeg.DecodeConfig(bytes.NewReader(file))
		if err != nil || c.Width*c.Height > 1<<20 {
			return
		}
		DecodeRGB(file, c.Width, c.Height, make([]uint8, 3*c.Width*c.Height))
	})
}

func BenchmarkDecodeRGB(b *testing.B) {
	file, err := os.ReadFile("../../examples/photos/coffee.jpg") // 600x400
	require.NoError(b, err)
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	require.NoError(b, err)
	rgb := make([]uint8, 3*c.Width*c.Height)
	b.SetBytes(int64(len(rgb)))
	b.ReportAllocs()
	for b.Loop() {
		require.True(b, DecodeRGB(file, c.Width, c.Height, rgb))
	}
}
