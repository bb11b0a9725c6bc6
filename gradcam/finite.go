package gradcam

import (
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
)

// finite reports the first NaN or infinity of an array and where it is. what
// names the array.
func finite(a engine.Array, what string) error {
	if allFinite(a.Data) {
		return nil
	}
	for i, v := range a.Data {
		if v-v != 0 { // true for NaN and both infinities only
			return markf(ErrNotFinite, "%s holds %s at %v", what, spell(v), position(a.Shape, i))
		}
	}
	return nil
}

// finiteRows is finite of every sample of an array [N, ...]: the error says of which.
func finiteRows(a engine.Array, what string) error {
	for n := range a.Shape[0] {
		if err := finite(a.Row(n), what); err != nil {
			return &SampleError{n, err}
		}
	}
	return nil
}

func spell(v float32) string {
	if math.IsNaN(float64(v)) {
		return "NaN"
	}
	return fmt.Sprintf("%+f", v)
}

// position is the multi-index of element i of a row-major array.
func position(shape []int, i int) []int {
	at := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d] = i % shape[d]
		i /= shape[d]
	}
	return at
}

// checkInputs refuses a batch that no network could take, naming what is wrong
// with it, and returns the number of samples.
func checkInputs(inputs []engine.Array) (int, error) {
	if len(inputs) == 0 {
		return 0, fmt.Errorf("no input: give one array a model argument")
	}
	n := -1
	for i, a := range inputs {
		if err := a.Check(); err != nil {
			return 0, fmt.Errorf("input %d: %w", i, err)
		}
		if len(a.Shape) == 0 || a.Len() == 0 {
			return 0, fmt.Errorf("input %d is empty: its shape is %v", i, a.Shape)
		}
		if n < 0 {
			n = a.Shape[0]
		}
		if a.Shape[0] != n {
			return 0, fmt.Errorf("input %d has %d samples, input 0 has %d: the first axis must be the batch", i, a.Shape[0], n)
		}
		if err := finiteRows(a, fmt.Sprintf("input %d", i)); err != nil {
			return 0, err
		}
	}
	return n, nil
}
