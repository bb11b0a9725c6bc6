package gradcam_test

import (
	"context"
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// anyOf is a target of your own: what speaks for any of several classes, such as
// all breeds of cat. Its score is log(sum(exp(y_c))) over them, its gradient their
// softmax.
func anyOf(classes ...int) gradcam.Target {
	return gradcam.Func("any of them", func(y engine.Array) (float64, []float32, error) {
		sum := 0.0
		for _, c := range classes {
			sum += math.Exp(float64(y.Data[c]))
		}
		gradient := make([]float32, y.Len())
		for _, c := range classes {
			gradient[c] = float32(math.Exp(float64(y.Data[c])) / sum)
		}
		return math.Log(sum), gradient, nil
	})
}

// Write your own target: return the score and its derivative by every element of
// the output.
func ExampleFunc() {
	head := enginetest.Head{{0.5}, {0, 0.5}, {0, 0, 0.1}, {0, 0, 0, 0.1}} // four classes, each looks at one place
	e, err := gradcam.New(enginetest.NewToyHead(head), gradcam.WithLayer("relu1"), gradcam.WithMethod(gradcam.HiResCAM))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	results, err := e.Explain(context.Background(), enginetest.ToyInput(0), anyOf(2, 3))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := results[0]
	fmt.Printf("%s: %.3f %.3f\n", r.Target.Target, r.Target.Score, r.Raw[0].Values.Data)
	// Output: any of them: 4.341 [0.000 0.000 0.896 2.844]
}

// What makes an image like another one: take the reference's embedding, explain
// the cosine.
func ExampleSimilarity() {
	head := enginetest.Head{{4: 1}, {5: 1}, {6: 1}, {7: 1}} // the four places of channel 1
	e, err := gradcam.New(enginetest.NewToyHead(head), gradcam.WithLayer("relu1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	ctx := context.Background()
	references, err := e.Embed(ctx, []engine.Array{enginetest.ToyInput(0)})
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := e.Explain(ctx, enginetest.ToyInput(5), gradcam.Similarity("the first", references[0]))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %.3f\n", results[0].Target.Target, results[0].Target.Score)
	// Output: similar:the first: 0.892
}
