package render

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

func TestPNGRoundTrip(t *testing.T) {
	img := goldenImage(t, "photo")
	var b bytes.Buffer
	require.NoError(t, EncodePNG(&b, img))
	assert.Equal(t, byte(8), b.Bytes()[24], "bit depth")
	assert.Equal(t, byte(2), b.Bytes()[25], "colour type RGB, no alpha")
	got, err := png.Decode(&b)
	require.NoError(t, err)
	require.Equal(t, img.Bounds(), got.Bounds())
	for y := range img.H {
		for x := range img.W {
			p := pixel(img, x, y)
			require.Equal(t, color.RGBA{p[0], p[1], p[2], 255}, color.RGBAModel.Convert(got.At(x, y)))
		}
	}
}

// The same encoder after pictures of other sizes, and with rows of one and two pixels.
func TestPNGEncoderAgain(t *testing.T) {
	e := new(PNGEncoder)
	for _, size := range [][2]int{{40, 30}, {1, 1}, {2, 3}, {641, 97}, {40, 30}, {1, 200}} {
		img := preprocess.NewImage(size[0], size[1])
		for i := range img.Pix {
			img.Pix[i] = uint8(i * i >> 3)
		}
		var b, fresh bytes.Buffer
		require.NoError(t, e.Encode(&b, img))
		require.NoError(t, EncodePNG(&fresh, img))
		assert.Equal(t, fresh.Bytes(), b.Bytes())
		got, err := png.Decode(&b)
		require.NoError(t, err)
		require.Equal(t, img, preprocess.FromImage(got))
	}
}

// A second picture needs no memory of its own.
func TestPNGEncoderAllocates(t *testing.T) {
	img, e := goldenImage(t, "photo"), new(PNGEncoder)
	require.NoError(t, e.Encode(io.Discard, img))
	assert.LessOrEqual(t, testing.AllocsPerRun(20, func() { _ = e.Encode(io.Discard, img) }), 20.0)
}

func TestPNGIsDeterministic(t *testing.T) {
	var a, b bytes.Buffer
	require.NoError(t, EncodePNG(&a, goldenImage(t, "dark")))
	require.NoError(t, EncodePNG(&b, goldenImage(t, "dark")))
	assert.Equal(t, a.Bytes(), b.Bytes())
}

func TestWritePNG(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.overlay.png")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o644))
	require.Error(t, WritePNG(path, nil))
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(old), "a failure leaves the file alone")

	require.NoError(t, WritePNG(path, goldenImage(t, "photo")))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	_, err = png.Decode(f)
	require.NoError(t, err)

	missing := filepath.Join(dir, "absent", "x.png")
	assert.EqualError(t, WritePNG(missing, goldenImage(t, "photo")), "write "+missing+": there is no folder "+
		filepath.Dir(missing)+" (no such file or directory); create it or choose another")
}

type brokenWriter struct{}

var errPipe = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errPipe }

func TestEncodePNGFails(t *testing.T) {
	assert.ErrorIs(t, EncodePNG(brokenWriter{}, goldenImage(t, "photo")), errPipe)
	for _, img := range []*preprocess.Image{nil, {}, {W: 2, H: 2}, {W: -1, H: -1}} {
		assert.EqualError(t, EncodePNG(io.Discard, img), "render: a picture without pixels cannot be encoded")
	}
}

func BenchmarkEncodePNG(b *testing.B) {
	// The photo repeated to 16 times its size, with noise as a camera has it.
	small := goldenImage(b, "photo")
	img := preprocess.NewImage(16*small.W, 16*small.H)
	for i := range img.Pix {
		x, y := i/3%img.W/16, i/3/img.W/16
		img.Pix[i] = small.Pix[3*(y*small.W+x)+i%3]/2 + uint8(i*i>>7&3)
	}
	b.SetBytes(int64(len(img.Pix)))
	for b.Loop() {
		if err := EncodePNG(io.Discard, img); err != nil {
			b.Fatal(err)
		}
	}
}
