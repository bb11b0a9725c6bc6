package preprocess

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchPhoto is a photo-like picture of 640x480: smooth shapes under noise.
func benchPhoto() *Image {
	m := NewImage(640, 480)
	seed := uint32(1)
	for i := range m.Pix {
		x, y := float64(i/3%m.W), float64(i/3/m.W)
		seed = seed*1664525 + 1013904223
		v := 128 + 80*math.Sin(x/37+float64(i%3))*math.Cos(y/29) + float64(seed>>28)
		m.Pix[i] = uint8(max(0, min(v, 255)))
	}
	return m
}

func BenchmarkDecode(b *testing.B) {
	photo := benchPhoto()
	var jpg, pngBytes bytes.Buffer
	require.NoError(b, jpeg.Encode(&jpg, photo, &jpeg.Options{Quality: 85})) // 4:2:0
	require.NoError(b, png.Encode(&pngBytes, photo))
	run := func(name string, data []byte, decode func([]byte) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(photo.Pix)))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, decode(data))
			}
		})
	}
	ours := func(data []byte) error { _, err := DecodeBytes(data, Options{}); return err }
	run("jpeg", jpg.Bytes(), ours)
	run("jpeg-to-ycbcr-only", jpg.Bytes(), func(data []byte) error { _, err := jpeg.Decode(bytes.NewReader(data)); return err })
	run("png", pngBytes.Bytes(), ours)
	run("png-to-rgba-only", pngBytes.Bytes(), func(data []byte) error { _, err := png.Decode(bytes.NewReader(data)); return err })
}

func BenchmarkUpsampleAndConvert(b *testing.B) {
	m := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio420)
	b.SetBytes(640 * 480 * 3)
	for b.Loop() {
		FromImage(m)
	}
}

func BenchmarkResize(b *testing.B) {
	photo := benchPhoto()
	for _, size := range [][2]int{{341, 256}, {1280, 960}} {
		for _, by := range []Interpolation{Bilinear, Bicubic, Lanczos} {
			name := string(by) + map[int]string{341: "-down", 1280: "-up"}[size[0]]
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, err := photo.Resize(size[0], size[1], by)
					require.NoError(b, err)
				}
			})
		}
	}
}

func BenchmarkPipeline(b *testing.B) {
	photo := benchPhoto()
	for _, kind := range []Kind{PIL, Tensor} {
		p := ImageNet(3)
		p.Kind = kind
		b.Run(string(kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := p.Apply(photo)
				require.NoError(b, err)
			}
		})
	}
}
