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
	n := batch.Shape[0]
	for _, one := range f {
		a := engine.Array{Shape: append([]int{n}, one.Shape[1:]...)}
		for range n {
			a.Data, a.Ints = append(a.Data, one.Data...), append(a.Ints, one.Ints...)
		}
		inputs = append(inputs, a)
	}
	return inputs
}
