package torch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/cgo"
)

// Value is a named tensor among a model's outputs: "" for a lone tensor, the
// index in a tuple or list, the key in a dict, joined by dots when nested.
type Value struct {
	Name   string
	Tensor *Tensor
}

// Values are a model's outputs, in order.
type Values []Value

// Get returns the tensor of that name, nil if there is none.
func (v Values) Get(name string) *Tensor {
	for _, x := range v {
		if x.Name == name {
			return x.Tensor
		}
	}
	return nil
}

// offer names what there is to choose from.
func (v Values) offer() string {
	const most = 8
	var names []string
	for _, x := range v[:min(len(v), most)] {
		names = append(names, fmt.Sprintf("%q", x.Name))
	}
	if len(v) > most {
		names = append(names, fmt.Sprintf("and %d more", len(v)-most))
	}
	return "there is " + strings.Join(names, ", ")
}

// Float returns the first floating-point tensor, nil if there is none.
func (v Values) Float() *Tensor {
	for _, x := range v {
		if x.Tensor.DType().IsFloat() {
			return x.Tensor
		}
	}
	return nil
}

// Close closes all tensors.
func (v Values) Close() error {
	for _, x := range v {
		_ = x.Tensor.Close()
	}
	return nil
}

func values(named []cgo.Named) Values {
	out := make(Values, len(named))
	for i, n := range named {
		out[i] = Value{n.Name, newTensor(n.Tensor)}
	}
	return out
}

// withHandles runs f with the handles of all tensors, which stay open until f
// has returned. It refuses a nil tensor.
func withHandles(tensors []*Tensor, f func([]*cgo.Tensor) error) error {
	if i := slices.Index(tensors, nil); i >= 0 {
		return &Error{Kind: ErrInvalid, About: fmt.Sprintf("tensor %d", i), Reason: "nil", Fix: "give a tensor"}
	}
	return withOptional(tensors, f)
}

// withOptional is withHandles where a tensor may be nil, and so is its handle.
func withOptional(tensors []*Tensor, f func([]*cgo.Tensor) error) error {
	handles := make([]*cgo.Tensor, 0, len(tensors))
	var next func(i int) error
	next = func(i int) error {
		if i == len(tensors) {
			return f(handles)
		}
		if tensors[i] == nil {
			handles = append(handles, nil)
			return next(i + 1)
		}
		return tensors[i].use(func(h *cgo.Tensor) error {
			handles = append(handles, h)
			return next(i + 1)
		})
	}
	return next(0)
}
