package gradcam_test

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// against is a method of your own: what each place says against the class, the
// sum over the channels of max(-G A, 0).
type against struct{}

func (against) Name() string { return "against" }

func (against) Needs() gradcam.Needs {
	return gradcam.Needs{Layer: true, Gradient: true, Cost: gradcam.Cost{Forward: 1, Backward: 1}}
}

func (against) Map(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
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
					m.Row(n).Data[p] += max(-g[p]*v, 0)
				}
			}
		}
		maps = append(maps, gradcam.Attribution{Layer: run.Layers()[i], Values: m})
	}
	return maps, nil
}

// Write your own method: say what it needs, return a raw map for each layer.
func ExampleMethod() {
	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"), gradcam.WithMethod(against{}))
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
	// Output: against [0 0 6 15]
}

// Two methods on one forward and one backward pass.
func ExampleExplainer_ExplainAll() {
	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"), gradcam.WithMethods(gradcam.GradCAM, gradcam.HiResCAM))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	all, err := e.ExplainAll(context.Background(), []engine.Array{enginetest.ToyInput(0)}, gradcam.Class(0))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, results := range all {
		fmt.Println(results[0].Method, results[0].Raw[0].Values.Data)
	}
	// Output:
	// gradcam [0 4 28 32.5]
	// hirescam [0 4 25 25]
}

// A result beside its control: the same layer, its channels weighted at random.
func ExampleWithMethods_control() {
	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"),
		gradcam.WithMethods(gradcam.GradCAM, gradcam.RandomCAM), gradcam.WithSeed(7))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	all, err := e.ExplainAll(context.Background(), []engine.Array{enginetest.ToyInput(0)}, gradcam.Class(0))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, results := range all {
		drawn := "drawn"
		if results[0].Seed == nil {
			drawn = "computed"
		}
		fmt.Println(results[0].Method, drawn)
	}
	// Output:
	// gradcam computed
	// randomcam drawn
}
