package resample_test

import (
	"fmt"

	"github.com/torchlight-go/torchlight/gradcam/resample"
)

func ExampleBilinear() {
	src := []float32{0, 4, 8, 12} // 2 rows, 2 columns
	dst := make([]float32, 2*4)
	resample.Bilinear(dst, src, 2, 2, 2, 4)
	fmt.Println(dst[:4])
	fmt.Println(dst[4:])
	// Output:
	// [0 1 3 4]
	// [8 9 11 12]
}

// Shift a map by a quarter pixel.
func ExampleAffine() {
	src := []float32{0, 4, 8, 12}
	dst := make([]float32, 4)
	resample.Affine(dst, src, 1, 4, 1, 4, resample.Line{Scale: 1}, resample.Line{Scale: 1, Offset: 0.25})
	fmt.Println(dst)
	// Output: [1 5 9 12]
}
