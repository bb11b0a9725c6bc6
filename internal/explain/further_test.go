package explain

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/engine"
)

// What an array does not hold stays nil: the engine goes by it.
func TestStacked(t *testing.T) {
	rows := []engine.Array{{Shape: []int{2}, Data: []float32{1, 2}}, {Shape: []int{2}, Data: []float32{3, 4}}}
	assert.Equal(t, engine.Array{Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}}, stacked(2, func(i int) engine.Array { return rows[i] }))
	assert.Equal(t, engine.Array{Shape: []int{1, 2, 1}, Ints: []int64{5, 6}}, stacked(1, func(int) engine.Array {
		return engine.Array{Shape: []int{2, 1}, Ints: []int64{5, 6}}
	}))
	assert.Equal(t, engine.Array{}, stacked(0, nil))
}

func TestFurtherInputsAreRepeated(t *testing.T) {
	batch := engine.Array{Shape: []int{3, 1}, Data: []float32{1, 2, 3}}
	with := further{{Shape: []int{1, 2}, Data: []float32{7, 8}}, {Shape: []int{1}, Ints: []int64{9}}}
	assert.Equal(t, []engine.Array{
		batch,
		{Shape: []int{3, 2}, Data: []float32{7, 8, 7, 8, 7, 8}},
		{Shape: []int{3}, Ints: []int64{9, 9, 9}},
	}, with.beside(batch))
	assert.Equal(t, []engine.Array{batch}, further(nil).beside(batch))
}
