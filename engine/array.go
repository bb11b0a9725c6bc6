package engine

import "fmt"

// Array is a dense, row-major array. Data holds float values; Ints is set
// instead of Data for integer inputs such as token ids. The zero value is an
// absent array.
type Array struct {
	Shape []int
	Data  []float32
	Ints  []int64
}

// NewArray returns a zero-filled float array of the given shape.
func NewArray(shape ...int) Array {
	return Array{Shape: append([]int(nil), shape...), Data: make([]float32, Size(shape))}
}

// Size is the number of elements of an array of the given shape.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Len is the number of elements.
func (a Array) Len() int { return len(a.Data) + len(a.Ints) }

// Check reports whether the data fills the shape exactly.
func (a Array) Check() error {
	for _, d := range a.Shape {
		if d < 0 {
			return fmt.Errorf("engine: shape %v has a negative extent", a.Shape)
		}
	}
	if a.Data != nil && a.Ints != nil {
		return fmt.Errorf("engine: array of shape %v holds both floats and integers", a.Shape)
	}
	if n := Size(a.Shape); n != a.Len() {
		return fmt.Errorf("engine: shape %v wants %d elements, got %d", a.Shape, n, a.Len())
	}
	return nil
}

// Row returns item i of the first axis as an array that shares a's memory.
func (a Array) Row(i int) Array {
	n := Size(a.Shape[1:])
	r := Array{Shape: a.Shape[1:]}
	if a.Ints != nil {
		r.Ints = a.Ints[i*n : (i+1)*n]
	} else {
		r.Data = a.Data[i*n : (i+1)*n]
	}
	return r
}
