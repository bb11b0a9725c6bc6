package preprocess

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// photoFiles are files of several formats and sizes, one cut short among them.
func photoFiles(t *testing.T) []string {
	t.Helper()
	folder := t.TempDir()
	var names []string
	write := func(name string, data []byte) {
		names = append(names, filepath.Join(folder, name))
		require.NoError(t, os.WriteFile(names[len(names)-1], data, 0o666))
	}
	large := benchPhoto()
	small, err := large.Resize(97, 61, Bilinear)
	require.NoError(t, err)
	for name, m := range map[string]*Image{"large": large, "small": small} {
		var b, p bytes.Buffer
		require.NoError(t, jpeg.Encode(&b, m, nil))
		require.NoError(t, png.Encode(&p, m))
		write(name+".jpg", b.Bytes())
		write(name+".cut.jpg", b.Bytes()[:b.Len()/2])
		write(name+".png", p.Bytes())
	}
	write("empty.jpg", nil)
	return append(names, names...)
}

// In memory used before, also by files that failed, photos become what they become
// alone.
func TestReaderAgain(t *testing.T) {
	var r Reader
	var image *Image
	var data []float32
	for i, name := range photoFiles(t) {
		want, failure := DecodeFile(name, Options{})
		got, err := r.DecodeFile(name, Options{}, image)
		if failure != nil {
			require.EqualError(t, err, failure.Error())
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, got, name)
		p := ImageNet(1 + 2*(i%2))
		p.Kind = []Kind{PIL, Tensor}[i/2%2]
		input, err := p.Apply(want)
		require.NoError(t, err)
		again, err := r.Apply(p, got, data)
		require.NoError(t, err)
		require.Equal(t, input, again, name)
		image, data = got, again.Data
	}
	_, err := r.DecodeFile(filepath.Join(t.TempDir(), "none.jpg"), Options{}, image)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReaderKeepsTheBudget(t *testing.T) {
	name := photoFiles(t)[0]
	info, err := os.Stat(name)
	require.NoError(t, err)
	var r Reader
	_, err = r.DecodeFile(name, Options{MaxBytes: info.Size()}, nil)
	require.NoError(t, err)
	_, err = r.DecodeFile(name, Options{MaxBytes: info.Size() - 1}, nil)
	require.ErrorIs(t, err, ErrTooManyBytes)
	_, err = r.DecodeFile("/dev/zero", Options{MaxBytes: 1 << 20}, nil) // it has no size
	require.ErrorIs(t, err, ErrTooManyBytes)
}

// A photo like the last one needs the memory of image/jpeg, and next to none besides.
func TestReaderAllocates(t *testing.T) {
	photo := benchPhoto()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, photo, nil))
	name := filepath.Join(t.TempDir(), "photo.jpg")
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o666))
	var r Reader
	var image *Image
	var data []float32
	read := func() {
		var err error
		image, err = r.DecodeFile(name, Options{}, image)
		require.NoError(t, err)
		in, err := r.Apply(ImageNet(3), image, data)
		require.NoError(t, err)
		data = in.Data
	}
	read()
	decoder := allocated(func() { _, _ = jpeg.Decode(bytes.NewReader(b.Bytes())) })
	ours := allocated(read)
	assert.Less(t, ours, decoder+32<<10, "bytes a photo")
	assert.Less(t, ours, uint64(len(photo.Pix)), "bytes a photo")
}

// allocated is the number of bytes that one call allocates.
func allocated(f func()) uint64 {
	const calls = 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / calls
}
