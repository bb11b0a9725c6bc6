package preprocess

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// edit returns a copy of b with the bytes at an offset replaced.
func edit(b []byte, at int, with ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], with)
	return b
}

// pngOfSize changes the size in the header of a PNG, checksum included.
func pngOfSize(b []byte, w, h uint32) []byte {
	b = bytes.Clone(b)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// jpegFrameAt is the offset of the content of the frame header.
func jpegFrameAt(t *testing.T, b []byte) int {
	t.Helper()
	for at := 2; ; {
		marker, start, err := nextMarker(b, at)
		require.NoError(t, err)
		_, next, err := segment(b, start+2)
		require.NoError(t, err)
		if isFrame(marker) {
			return start + 4
		}
		at = next
	}
}

func TestBadInput(t *testing.T) {
	png, jpg, gif := golden(t, "mode/rgb.png"), golden(t, "jpeg/420.jpg"), golden(t, "mode/palette.gif")
	progressive := golden(t, "jpeg/420-progressive.jpg")
	frame := jpegFrameAt(t, jpg)
	scan := bytes.Index(progressive, []byte{0xff, sos})
	manyScans := repeatScans(progressive[:scan], progressive[scan:len(progressive)-2], 30)

	cases := []struct {
		name string
		b    []byte
		o    Options
		want error
		says string
	}{
		{"empty", nil, Options{}, ErrEmpty, "the file is empty"},
		{"text", []byte("hello"), Options{}, ErrNotImage, `not an image: it begins with "hello"; give a PNG or JPEG`},
		{"zeros", make([]byte, 1000), Options{}, ErrNotImage, "give a PNG or JPEG"},
		{"zip", []byte("PK\x03\x04 and so on"), Options{}, ErrNotImage, `"PK\x03\x04 and"`},

		{"webp", golden(t, "refused/cat.webp"), Options{}, ErrUnsupported, "unsupported image: WebP is not decoded; convert it to PNG or JPEG"},
		{"tiff", golden(t, "refused/cat.tiff"), Options{}, ErrUnsupported, "TIFF is not decoded"},
		{"bmp", golden(t, "refused/cat.bmp"), Options{}, ErrUnsupported, "BMP is not decoded"},
		{"avif", golden(t, "refused/cat.avif"), Options{}, ErrUnsupported, "AVIF is not decoded"},
		{"jpeg 2000", golden(t, "refused/cat.jp2"), Options{}, ErrUnsupported, "JPEG 2000 is not decoded"},
		{"ico", golden(t, "refused/cat.ico"), Options{}, ErrUnsupported, "ICO is not decoded"},
		{"heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), Options{}, ErrUnsupported, "HEIC is not decoded"},
		{"heif", []byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic"), Options{}, ErrUnsupported, "HEIF is not decoded"},
		{"video", []byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00mif1heic"), Options{}, ErrUnsupported, "MP4 video is not decoded"},
		{"npy", []byte("\x93NUMPY\x01\x00"), Options{}, ErrUnsupported, "NumPy is not decoded"},

		{"png signature", png[:8], Options{}, ErrTruncated, "PNG ends within its header"},
		{"png half a signature", png[:5], Options{}, ErrTruncated, "PNG of 5 bytes"},
		{"png half a header", png[:20], Options{}, ErrTruncated, "PNG ends within its header"},
		{"png half", png[:len(png)/2], Options{}, ErrTruncated, "PNG ends within its image data"},
		{"png without its end", png[:len(png)-12], Options{}, ErrTruncated, "PNG ends within its image data"},
		{"png no header", edit(png, 12, 'I', 'D', 'A', 'T'), Options{}, ErrCorrupt, "without a header chunk"},
		{"png width 0", pngOfSize(png, 0, 9), Options{}, ErrCorrupt, "PNG of size 0x9"},
		{"png huge", pngOfSize(png, 1<<31, 9), Options{}, ErrCorrupt, "PNG of size 2147483648x9"},
		{"png checksum", edit(png, len(png)-20, 1, 2, 3, 4), Options{}, ErrCorrupt, "png: invalid format"},
		{"png colour type", edit(png, 25, 5), Options{}, ErrUnsupported, "save it as an 8-bit RGB PNG"},
		{"png over the default budget", pngOfSize(png, 30000, 30000), Options{}, ErrTooManyPixels,
			"too many pixels: PNG of 30000x30000 has more than 89478485; make it smaller or raise Options.MaxPixels"},
		{"png that cannot be", pngOfSize(png, 9000, 9000), Options{}, ErrTruncated, "cannot hold a PNG of 9000x9000"},
		{"png over a budget", png, Options{MaxPixels: 30*38 - 1}, ErrTooManyPixels, "more than 1139;"},
		{"file over a budget", png, Options{MaxBytes: 100}, ErrTooManyBytes,
			"too many bytes: the file has more than 100; make it smaller or raise Options.MaxBytes"},

		{"jpeg start", jpg[:3], Options{}, ErrTruncated, "JPEG ends before its image data"},
		{"jpeg two bytes", jpg[:2], Options{}, ErrTruncated, "JPEG of 2 bytes"},
		{"jpeg header", jpg[:frame+3], Options{}, ErrTruncated, "JPEG ends before its image data"},
		{"jpeg half", jpg[:len(jpg)*2/3], Options{}, ErrTruncated, "JPEG ends within its image data"},
		{"jpeg progressive half", progressive[:len(progressive)/2], Options{}, ErrTruncated, "JPEG ends within its image data"},
		{"jpeg without its end", jpg[:len(jpg)-2], Options{}, ErrTruncated, "JPEG ends within its image data"},
		{"jpeg without pixels", []byte("\xff\xd8\xff\xd9"), Options{}, ErrCorrupt, "JPEG without image data"},
		{"jpeg scan first", []byte("\xff\xd8\xff\xda\x00\x02"), Options{}, ErrCorrupt, "without a frame header"},
		{"jpeg length 0", []byte("\xff\xd8\xff\xe0\x00\x00"), Options{}, ErrCorrupt, "segment of length 0"},
		{"jpeg frame length", edit(jpg, frame-1, 20), Options{}, ErrCorrupt, "frame header of 18 bytes"},
		{"jpeg height 0", edit(jpg, frame+1, 0, 0), Options{}, ErrCorrupt, "JPEG of size 0"},
		{"jpeg of two components", twoComponents(jpg, frame), Options{}, ErrUnsupported, "JPEG with 2 components"},
		{"jpeg 12 bits", edit(jpg, frame, 12), Options{}, ErrUnsupported, "12 bits a sample"},
		{"jpeg arithmetic", edit(jpg, frame-3, 0xc9), Options{}, ErrUnsupported, "arithmetic coding is not decoded"},
		{"jpeg lossless", edit(jpg, frame-3, 0xc3), Options{}, ErrUnsupported, "lossless"},
		{"jpeg odd sampling", edit(jpg, frame+7, 0x31), Options{}, ErrUnsupported, "subsampling ratio; save it as a baseline JPEG"},
		{"jpeg tables", edit(jpg, bytes.Index(jpg, []byte{0xff, 0xdb})+4, 0x77), Options{}, ErrCorrupt, "invalid JPEG format: bad Tq value"},
		{"jpeg that cannot be", edit(jpg, frame+1, 0x20, 0, 0x20, 0), Options{}, ErrTruncated, "cannot hold a JPEG of 8192x8192"},
		{"jpeg over the default budget", edit(jpg, frame+1, 0xff, 0xff, 0xff, 0xff), Options{}, ErrTooManyPixels, "65535x65535"},
		{"jpeg of many scans", manyScans, Options{}, ErrUnsupported, "scans, at most 200 are decoded"},

		{"gif start", gif[:8], Options{}, ErrTruncated, "GIF ends before its image data"},
		{"gif palette", gif[:40], Options{}, ErrTruncated, "GIF ends before its image data"},
		{"gif half", gif[:len(gif)*2/3], Options{}, ErrTruncated, "GIF ends within its image data"},
		{"gif width 0", edit(gif, 6, 0, 0), Options{}, ErrCorrupt, "GIF of size 0x38"},
		{"gif small screen", edit(gif, 6, 3, 0), Options{}, ErrCorrupt, "gif: frame bounds larger than image bounds"},
		{"gif that cannot be", edit(gif, 6, 0x40, 0x1f, 0x40, 0x1f), Options{}, ErrTruncated, "cannot hold a GIF of 8000x8000"},
		{"gif over the default budget", edit(gif, 6, 0xff, 0xff, 0xff, 0xff), Options{}, ErrTooManyPixels, "65535x65535"},
		{"gif without a frame", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;;;"), Options{}, ErrCorrupt, "unknown block"},
	}
	sentinels := []error{ErrEmpty, ErrNotImage, ErrUnsupported, ErrTruncated, ErrCorrupt, ErrTooManyPixels, ErrTooManyBytes}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, err := DecodeBytes(c.b, c.o)
			require.Error(t, err)
			assert.Nil(t, m)
			assert.ErrorContains(t, err, c.says)
			assert.True(t, strings.HasPrefix(err.Error(), "preprocess: image: "), err)
			assert.NotContains(t, err.Error(), "\n")
			for _, s := range sentinels {
				assert.Equal(t, errors.Is(c.want, s), errors.Is(err, s), "%v wraps %v", err, s)
			}
			path := filepath.Join(t.TempDir(), "bad.img")
			require.NoError(t, os.WriteFile(path, c.b, 0o600))
			_, err = DecodeFile(path, c.o)
			assert.ErrorIs(t, err, c.want)
			assert.ErrorContains(t, err, path)
		})
	}
}

// twoComponents takes the third component out of a frame header.
func twoComponents(jpg []byte, frame int) []byte {
	b := edit(jpg, frame-2, 0, 14)
	b[frame+5] = 2
	return append(b[:frame+12:frame+12], b[frame+15:]...)
}

// repeatScans is head followed by n times body and the end marker.
func repeatScans(head, body []byte, n int) []byte {
	return append(append(bytes.Clone(head), bytes.Repeat(body, n)...), 0xff, eoi)
}

// Every way to cut a file short gives an error, never a picture or a panic.
func TestEveryTruncation(t *testing.T) {
	for _, name := range []string{"jpeg/420-narrow.jpg", "jpeg/dot.jpg", "mode/grey16.png", "mode/small-frame-key.gif", "mode/palette-short.png"} {
		b := golden(t, name)
		end := len(b)
		if strings.HasSuffix(name, ".gif") {
			end -= 2 // the last code and the trailer are not needed for the first frame
		}
		for n := range end {
			_, err := DecodeBytes(b[:n], Options{})
			require.Error(t, err, "%s cut to %d of %d bytes", name, n, len(b))
		}
	}
}

func TestReaderErrors(t *testing.T) {
	_, err := Decode(iotest.ErrReader(io.ErrClosedPipe), Options{})
	assert.ErrorIs(t, err, io.ErrClosedPipe)
	// A reader without an end is read to the budget only.
	_, err = Decode(zeros{}, Options{MaxBytes: 1 << 16})
	assert.ErrorIs(t, err, ErrTooManyBytes)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A small file that announces a large picture within the budget costs nothing.
func TestNoMemoryForAnnouncedPixels(t *testing.T) {
	png, jpg := golden(t, "mode/rgb.png"), golden(t, "jpeg/420.jpg")
	frame := jpegFrameAt(t, jpg)
	for _, b := range [][]byte{
		pngOfSize(png, 9000, 9000),
		edit(jpg, frame+1, 0x20, 0, 0x20, 0),
		edit(golden(t, "mode/palette.gif"), 6, 0x40, 0x1f, 0x40, 0x1f),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := DecodeBytes(b, Options{})
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, ErrTruncated)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	}
}
