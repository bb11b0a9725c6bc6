package gradcam_test

import (
	"context"
	"fmt"

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
