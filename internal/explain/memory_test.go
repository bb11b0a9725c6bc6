package explain

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// Photos after the first few need the memory of image/jpeg and of their results, not
// that of a photo, an overlay or its PNG.
func TestMemoryOfALongRun(t *testing.T) {
	inFolderOf(t)
	require.NoError(t, os.WriteFile("toy.yaml", []byte(strings.Replace(toyCard, "resize: null", "resize: [4, 4]", 1)), 0o666))
	m := image.NewYCbCr(image.Rect(0, 0, 160, 120), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = uint8(i * i >> 9)
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	var inputs []string
	for i := range 60 {
		inputs = append(inputs, fmt.Sprintf("p%02d.jpg", i))
		require.NoError(t, os.WriteFile(inputs[i], b.Bytes(), 0o666))
	}
	bytesOf := func(inputs []string) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, sum, err := explainToy(t, enginetest.NewToy(), Config{Target: "0", Workers: 1}, inputs...)
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Equal(t, len(inputs), sum.Explained)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	photo := (bytesOf(inputs) - bytesOf(inputs[:20])) / 40
	decoder := float64(len(m.Y)+len(m.Cb)+len(m.Cr)) + 32<<10
	assert.Less(t, photo, decoder+100<<10, "bytes a photo, of which image/jpeg takes %.0f", decoder)
}

// The memory of a photo goes to the next one, unless it is more than most will need.
func TestLargePhotosAreNotKept(t *testing.T) {
	s := &Session{}
	for _, c := range []struct{ bytes, kept int }{{3, 1}, {32 << 20, 1}, {32<<20 + 3, 0}} {
		src := &source{room: s.rooms.take()}
		src.room.photo.Pix = make([]uint8, c.bytes)
		src.photo = &src.room.photo
		s.recycle(src)
		assert.Len(t, s.rooms.free, c.kept, "%d bytes", c.bytes)
		assert.Nil(t, src.photo)
		s.recycle(src) // of an array, or again
		assert.Len(t, s.rooms.free, c.kept, "%d bytes", c.bytes)
	}
}
