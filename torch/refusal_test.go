package torch

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What to do goes by what libtorch said; a trace is blamed only for shapes.
func TestRemedy(t *testing.T) {
	for reason, want := range map[string]string{
		"ValueError: the shape is odd":         "own code raised it",
		"AssertionError: four channels please": "own code raised it",
		"one of the variables needed for gradient computation has been modified by an inplace operation": "choose another layer",
		"element 0 of tensors does not require grad and does not have a grad_fn":                         "choose another layer",
		"shape '[2, 144]' is invalid for input of size 432":                                              "a trace has the shapes",
		"mat1 and mat2 shapes cannot be multiplied (2x400 and 100x3)":                                    "check the shape; where the file is a trace",
		"expected input[1, 4, 8, 8] to have 3 channels, but got 4 channels instead":                      "check the number of channels",
		"Expected tensor to have one of the following scalar types: Long, Int; but got X":                "give integers (int64)",
		"something else entirely": "type and values",
	} {
		got := remedy(reason, nil)
		assert.Contains(t, got, want, reason)
		if want != "a trace has the shapes" && want != "check the shape; where the file is a trace" {
			assert.NotContains(t, got, "trace", reason)
		}
	}
}
