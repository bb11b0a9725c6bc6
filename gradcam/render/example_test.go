package render_test

import (
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/render"
)

// A photo of 8x4 pixels, of which the model saw the middle 4x4, and a map that
// is hot on the right.
func ExampleOverlay() {
	photo := preprocess.NewImage(8, 4)
	geometry := preprocess.Geometry{OriginalW: 8, OriginalH: 4, ResizedW: 8, ResizedH: 4, CropX: 2, CropW: 4, CropH: 4}
	heat := engine.Array{Shape: []int{1, 2}, Data: []float32{0, 1}}

	out, err := render.Overlay(photo, heat, geometry, render.Torchlight{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for x := range out.W {
		fmt.Println(x, out.Pix[3*x:3*x+3])
	}
	// Output:
	// 0 [0 0 0]
	// 1 [220 220 220]
	// 2 [0 0 0]
	// 3 [17 3 22]
	// 4 [149 84 5]
	// 5 [202 203 131]
	// 6 [220 220 220]
	// 7 [0 0 0]
}

// Only outlines is a style of one's own: heat above a half turns white.
type onlyOutlines struct{}

func (onlyOutlines) Name() string { return "only-outlines" }

func (onlyOutlines) Blend(dst, photo []uint8, heat []float32) {
	copy(dst, photo)
	for i, v := range heat {
		if v > 0.5 {
			copy(dst[3*i:], []uint8{255, 255, 255})
		}
	}
}

func ExampleStyle() {
	photo := preprocess.NewImage(2, 1)
	heat := engine.Array{Shape: []int{1, 2}, Data: []float32{0.2, 0.9}}
	out, err := render.Overlay(photo, heat, render.Whole(photo), onlyOutlines{})
	fmt.Println(out.Pix, err)
	// Output: [0 0 0 255 255 255] <nil>
}

func ExampleParseColormap() {
	colors, err := render.ParseColormap("turbo")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(colors.Color(255))
	// Output: 122 4 2
}
