package main

import (
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"path/filepath"

	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/internal/atomicfile"
)

// The photos of the folder: of COCO's usual size, 80 kB each, since a decoder's time
// goes with pixels and bytes.
const (
	folderPhotos = 512
	folderW      = 640
	folderH      = 480
	jpegQuality  = 94
)

// writePhotos fills a folder with n JPEGs: windows into the sample photos, mirrored
// or not, resized. The same n gives the same files.
func writePhotos(folder string, n int) error {
	var originals []*preprocess.Image
	for _, name := range []string{"camera.png", "chelsea.png", "coffee.jpg"} {
		m, err := preprocess.DecodeFile(filepath.Join("examples/photos", name), preprocess.Options{})
		if err != nil {
			return err
		}
		originals = append(originals, m)
	}
	draw := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		m, err := window(originals[i%len(originals)], draw).Resize(folderW, folderH, preprocess.Lanczos)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, photoName(i)+".jpg")
		encode := func(w io.Writer) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: jpegQuality}) }
		if err := atomicfile.Write(path, 0o644, encode); err != nil {
			return err
		}
	}
	return nil
}

func photoName(i int) string { return fmt.Sprintf("photo%04d", i) }

// window cuts a rectangle of 4:3 with at least six tenths of the photo's height or
// width, and mirrors every other one.
func window(m *preprocess.Image, draw *rand.Rand) *preprocess.Image {
	w, h := m.W, m.W*3/4
	if h > m.H {
		w, h = m.H*4/3, m.H
	}
	share := 0.6 + 0.4*draw.Float64()
	w, h = int(share*float64(w)), int(share*float64(h))
	at := image.Pt(draw.IntN(m.W-w+1), draw.IntN(m.H-h+1))
	mirrored := draw.IntN(2) == 1
	out := preprocess.NewImage(w, h)
	for y := range h {
		for x := range w {
			from := at.X + x
			if mirrored {
				from = at.X + w - 1 - x
			}
			copy(out.Pix[3*(y*w+x):][:3], m.Pix[3*((at.Y+y)*m.W+from):][:3])
		}
	}
	return out
}
