//go:build cgo

package torch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/render"
	"github.com/torchlight-go/torchlight/torch"
)

const (
	sampleModel = "../examples/models/mobilenet_v2.pt"
	samplePhoto = "../examples/photos/chelsea.png"
)

// must keeps the examples short. A program handles its errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// From a photo and a model to a heat map over the photo.
func Example() {
	m := must(torch.Load(sampleModel))
	defer m.Close()
	c, _, err := card.Find(sampleModel) // how photos become its input, what its classes are called
	if err != nil {
		panic(err)
	}
	photo := must(preprocess.DecodeFile(samplePhoto, preprocess.Options{}))
	in := must(c.Pipeline().Apply(photo))
	e := must(gradcam.New(m, must(c.Options())...))
	defer e.Close()
	results := must(e.Explain(context.Background(), in.Array()))
	fmt.Printf("%s %.3f\n", results[0].Target.Label, results[0].Target.Probability)
	picture := must(render.Overlay(photo, results[0].Map(), in.Geometry, nil))

	folder := must(os.MkdirTemp("", "torchlight"))
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "chelsea.overlay.png")
	fmt.Println(render.WritePNG(file, picture), picture.Bounds().Size())
	// Output:
	// Egyptian cat 0.717
	// <nil> (451,300)
}

// Activation and gradient of a layer of a loaded file: what every class
// activation map is made of.
func ExampleModule_Hook() {
	ctx := context.Background()
	m := must(torch.Load(sampleModel))
	defer m.Close()
	h := must(m.Hook("features.18"))
	defer h.Close()

	photo := must(preprocess.DecodeFile(samplePhoto, preprocess.Options{}))
	in := must(preprocess.ImageNet(3).Apply(photo))
	x := must(torch.FromSlice(in.Array().Data, in.Array().Shape...))
	defer x.Close()
	p := must(h.Forward(ctx, x))
	defer p.Close()

	const egyptianCat = 285
	oneHot := make([]float32, 1000)
	oneHot[egyptianCat] = 1
	cotangent := must(torch.FromSlice(oneHot, 1, 1000))
	defer cotangent.Close()
	gradients := must(p.Backward(ctx, cotangent)) // may be asked again, for any other cotangent
	defer gradients[0].Close()

	fmt.Println("activation", p.Activation(0).Shape(), "gradient", gradients[0].Shape())
	logits := must(p.Outputs()[0].Tensor.Float32s())
	fmt.Printf("logit %.2f\n", logits[egyptianCat]) // Python: 18.8495
	fmt.Println(h.Plan().Kind)
	// Output:
	// activation [1 1280 7 7] gradient [1 1280 7 7]
	// logit 18.85
	// cut
}

// The module tree. Module.Calls says in which order its members return, and what.
func ExampleModule_Submodules() {
	m := must(torch.Load("../testdata/models/multi_layer/script.pt"))
	defer m.Close()
	for _, s := range m.Submodules()[:4] {
		fmt.Println(s.Path, s.Type)
	}
	// Output:
	// left Conv2d
	// right Sequential
	// right.0 Conv2d
	// right.1 ReLU
}

// A number of layers in one pass. An address may name a call or an element.
func ExampleHook_Forward() {
	ctx := context.Background()
	m := must(torch.Load("../testdata/models/tuple_output_module/trace.pt"))
	defer m.Close()
	h := must(m.Hook("split.conv", "split:1"))
	defer h.Close()
	x := must(torch.FromSlice(make([]float32, 2*3*8*8), 2, 3, 8, 8))
	defer x.Close()
	p := must(h.Forward(ctx, x))
	defer p.Close()
	for i, layer := range h.Layers() {
		fmt.Println(layer, p.Activation(i).Shape())
	}
	// Output:
	// split.conv [2 6 6 6]
	// split:1 [2 2 6 6]
}
