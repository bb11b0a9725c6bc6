package preprocess

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// FuzzDecode feeds arbitrary bytes: a picture or an error, never a panic, and
// memory in proportion to the budgets. Run it with
//
//	go test -fuzz=FuzzDecode ./gradcam/preprocess
func FuzzDecode(f *testing.F) {
	for _, folder := range []string{"jpeg/*.jpg", "mode/*.png", "mode/*.gif", "exif/*.*", "refused/*", "source/dot.png"} {
		paths, err := filepath.Glob(filepath.Join("testdata", folder))
		if err != nil || len(paths) == 0 {
			f.Fatalf("no seeds in %s: %v", folder, err)
		}
		for _, p := range paths {
			b, err := os.ReadFile(p)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
			f.Add(b[:len(b)/2])
		}
	}
	o := Options{MaxPixels: 1 << 18, MaxBytes: 1 << 20, Orient: true}
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := DecodeBytes(b, o)
		runtime.ReadMemStats(&after)
		// image/png may build a 16-bit picture twice, for interlacing.
		if used, limit := after.TotalAlloc-before.TotalAlloc, uint64(40*o.MaxPixels+16*len(b)+1<<20); used > limit {
			t.Errorf("%d bytes allocated for a file of %d", used, len(b))
		}
		if (m == nil) != (err != nil) {
			t.Fatalf("image %v with error %v", m != nil, err)
		}
		if err != nil {
			return
		}
		if err := m.check(); err != nil {
			t.Fatal(err)
		}
		if m.W*m.H > o.MaxPixels {
			t.Fatalf("%dx%d is over the budget", m.W, m.H)
		}
		c, err := DecodeConfig(b, o)
		if err != nil || c.W*c.H != m.W*m.H {
			t.Fatalf("config %+v, error %v, image %dx%d", c, err, m.W, m.H)
		}
	})
}

// FuzzPipeline asks for arbitrary sizes: an error or a tensor of the size that
// the geometry says.
func FuzzPipeline(f *testing.F) {
	f.Add(uint16(40), uint16(30), 32, 0, 28, 0, uint8(0))
	f.Add(uint16(1), uint16(300), 5, 4, 9, 3, uint8(7))
	f.Add(uint16(300), uint16(1), 2, 0, 1, 0, uint8(12))
	names := []Interpolation{Bilinear, Bicubic, Nearest, NearestExact, Lanczos, Box, Hamming}
	f.Fuzz(func(t *testing.T, w, h uint16, resizeH, resizeW, cropH, cropW int, how uint8) {
		size := func(h, w int) []int {
			switch {
			case h == 0:
				return nil
			case w == 0:
				return []int{h % 512}
			}
			return []int{h % 512, w % 512}
		}
		p := Pipeline{
			Resize: size(resizeH, resizeW), Crop: size(cropH, cropW),
			Interpolation: names[int(how)%len(names)], Channels: []int{1, 3}[how>>3&1],
		}
		if how&0x80 != 0 {
			p.Kind = Tensor
		}
		m := NewImage(int(w%400), int(h%400))
		for i := range m.Pix {
			m.Pix[i] = 200
		}
		g, refused := p.Geometry(m.W, m.H)
		if refused == nil && g.CropW*g.CropH > 1<<20 {
			return // allowed, only slow
		}
		in, err := p.Apply(m)
		if (err == nil) != (refused == nil) {
			t.Fatalf("Apply: %v, Geometry: %v", err, refused)
		}
		if err == nil && (len(in.Data) != in.C*g.CropH*g.CropW || in.Geometry != g) {
			t.Fatalf("%d values for %+v", len(in.Data), g)
		}
	})
}
