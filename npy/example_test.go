package npy_test

import (
	"bytes"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/npy"
)

func Example() {
	var file bytes.Buffer
	err := npy.Write(&file, engine.Array{Shape: []int{2, 2}, Data: []float32{11.25, 13.5, 20.25, 22.5}})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := npy.Read(&file)
	fmt.Println(a.Shape, a.Data, err)
	// Output: [2 2] [11.25 13.5 20.25 22.5] <nil>
}
