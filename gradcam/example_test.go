package gradcam_test

import (
	"context"
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// A Grad-CAM of captum's toy net. With libtorch, model comes from torch.Load.
func Example() {
	model := enginetest.NewToy()
	e, err := gradcam.New(model, gradcam.WithLayer("relu1"))
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
	r := results[0]
	fmt.Println("raw", r.Raw[0].Values.Data)
	fmt.Println("score", r.Target.Score)
	small, err := r.MapSize(2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("map %.3f\n", small.Data)
	// Output:
	// raw [0 4 28 32.5]
	// score 54
	// map [0.000 0.123 0.862 1.000]
}

// layerCAM is a method of your own: LayerCAM's formula, the positive gradient
// times the activation, summed over the channels.
type layerCAM struct{}

func (layerCAM) Name() string { return "layercam" }

func (layerCAM) Needs() gradcam.Needs {
	return gradcam.Needs{Layer: true, Gradient: true, Cost: gradcam.Cost{Forward: 1, Backward: 1}}
}

func (layerCAM) Map(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
	activations, err := run.Activations()
	if err != nil {
		return nil, err
	}
	gradients, err := run.Gradients(ctx)
	if err != nil {
		return nil, err
	}
	var maps []gradcam.Attribution
	for i, a := range activations {
		m := engine.NewArray(append([]int{a.N}, a.Space...)...)
		for n := range a.N {
			for c := range a.C {
				g := gradients[i].Channel(n, c)
				for p, v := range a.Channel(n, c) {
					m.Row(n).Data[p] += max(g[p], 0) * v
				}
			}
		}
		maps = append(maps, gradcam.Attribution{Layer: run.Layers()[i], Values: m})
	}
	return maps, nil
}

// Write your own method: say what it needs, return a raw map for each layer.
func ExampleMethod() {
	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"), gradcam.WithMethod(layerCAM{}))
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
	fmt.Println(results[0].Method, results[0].Raw[0].Values.Data)
	// Output: layercam [0 4 31 40]
}

// Write your own target: here the similarity of the output, taken for an
// embedding, to a reference. The gradient of the cosine of y and r by y is
// (r/|r| - cos y/|y|) / |y|.
func ExampleFunc() {
	reference := []float32{1, 0, 0, 0}
	similarity := gradcam.Func("like the reference", func(y engine.Array) (float64, []float32, error) {
		var dot, yy, rr float64
		for i, r := range reference {
			dot += float64(r * y.Data[i])
			yy += float64(y.Data[i] * y.Data[i])
			rr += float64(r * r)
		}
		cos := dot / math.Sqrt(yy*rr)
		gradient := make([]float32, y.Len())
		for i, r := range reference {
			gradient[i] = float32((float64(r)/math.Sqrt(rr) - cos*float64(y.Data[i])/math.Sqrt(yy)) / math.Sqrt(yy))
		}
		return cos, gradient, nil
	})
	head := enginetest.Head{{4: 1}, {5: 1}, {6: 1}, {7: 1}} // the four places of channel 1
	e, err := gradcam.New(enginetest.NewToyHead(head), gradcam.WithLayer("conv1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	results, err := e.Explain(context.Background(), enginetest.ToyInput(5), similarity)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %.3f\n", results[0].Target.Target, results[0].Target.Score)
	// Output: like the reference: 0.179
}

func ExampleParseTarget() {
	labels := []string{"tabby", "tiger cat", "Egyptian cat"}
	for _, s := range []string{"top1", "egyptian cat", "prob:2", "margin:2-0", "egyptain cat"} {
		t, err := gradcam.ParseTarget(s, labels)
		fmt.Println(t, err)
	}
	// Output:
	// top1 <nil>
	// 2 <nil>
	// prob:2 <nil>
	// margin:2-0 <nil>
	// <nil> label "egyptain cat": no class has it (did you mean "Egyptian cat"?)
}
