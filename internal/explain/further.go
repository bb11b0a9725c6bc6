package explain

import (
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/npy"
)

// further are the model's inputs after the first, of one sample each, which all
// samples get.
type further []engine.Array

// readFurther reads them from .npy files. A first axis of 1 is the batch.
func readFurther(files []string) (further, error) {
	var all further
	for _, f := range files {
		a, err := npy.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("further input: %w", withRemedy(f, err))
		}
		if len(a.Shape) == 0 || a.Shape[0] != 1 || a.Len() == 0 {
			return nil, misusef("further input %s has shape %v; save it with a first axis of 1, which is repeated for every sample", f, a.Shape)
		}
		all = append(all, a)
	}
	return all, nil
}

// beside are the model's inputs: a batch, and the further ones repeated for each of
// its samples.
func (f further) beside(batch engine.Array) []engine.Array {
	inputs := []engine.Array{batch}
	for _, one := range f {
		inputs = append(inputs, stacked(batch.Shape[0], func(int) engine.Array { return one.Row(0) }))
	}
	return inputs
}

// stacked copies n arrays of one shape, all floats or all integers, into one with a
// first axis of n.
func stacked(n int, of func(i int) engine.Array) engine.Array {
	var all engine.Array
	for i := range n {
		a := of(i)
		all.Shape = append([]int{n}, a.Shape...)
		all.Data, all.Ints = append(all.Data, a.Data...), append(all.Ints, a.Ints...)
	}
	return all
}
