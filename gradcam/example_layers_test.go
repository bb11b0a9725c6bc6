package gradcam_test

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// Several layers: a raw map each, in the order given, and one fused map.
func ExampleWithLayers() {
	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayers("conv1", "relu1"), gradcam.WithFusion(gradcam.Max))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	results, err := e.Explain(context.Background(), enginetest.ToyInput(0), gradcam.Class(0))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, raw := range results[0].Raw {
		fmt.Println(raw.Layer, raw.Values.Data)
	}
	small, err := results[0].MapSize(2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("map %.3f\n", small.Data)
	// Output:
	// conv1 [11.25 13.5 20.25 22.5]
	// relu1 [0 4 28 32.5]
	// map [0.000 0.200 0.862 1.000]
}

// Layouts are found by shape: a convolutional network, Swin, a vision transformer
// with a class token, one with four registers besides.
func ExampleFindLayout() {
	input := []int{1, 3, 224, 224}
	for _, shape := range [][]int{{1, 512, 7, 7}, {1, 7, 7, 768}, {1, 197, 768}, {1, 198, 768}, {1, 201, 768}} {
		l, err := gradcam.FindLayout(shape, input)
		fmt.Println(shape, l.Order, l.Prefix, l.Grid, err)
	}
	// Output:
	// [1 512 7 7] channels first 0 [] <nil>
	// [1 7 7 768] channels last 0 [] <nil>
	// [1 197 768] tokens 1 [14 14] <nil>
	// [1 198 768] tokens 2 [14 14] <nil>
	// [1 201 768] tokens 5 [14 14] <nil>
}

// A blank map is no failure: it says why.
func ExampleReason() {
	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	results, err := e.Explain(context.Background(), enginetest.ToyInput(0), gradcam.Negative(gradcam.Class(0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := results[0]
	fmt.Println(r.Reason, r.RawMin, r.RawMax, r.Map().Data[15])
	// Output: all-negative -32.5 0 0
}
