package engine

import "context"

// Input is the pseudo-layer that stands for the model's first input: a plan for
// it has an empty head, so its activation is the input itself. "input@1" is the
// second input, and so on.
const Input = "input"

// ReluRule chooses how gradients pass through every rectifier of the graph.
type ReluRule int

const (
	// ReluPlain is the true derivative.
	ReluPlain ReluRule = iota
	// ReluGuided lets a gradient pass only where it and the input are positive
	// (Springenberg et al. 2014, arXiv:1412.6806).
	ReluGuided
	// ReluDeconvnet lets a gradient pass where it is positive, whatever the
	// input was (Zeiler and Fergus 2013, arXiv:1311.2901).
	ReluDeconvnet
)

// InPlaceRule chooses which value counts as a layer's activation when the
// operation after the layer writes to it, as ReLU(inplace=True) behind a
// convolution does. On all other layers the rules agree.
type InPlaceRule int

const (
	// AsReturned is captum's rule: activation and gradient belong to the value as
	// the submodule returned it.
	AsReturned InPlaceRule = iota
	// ActivationAfter is pytorch-grad-cam's rule on the CPU: the activation shares
	// memory with what the next operation wrote, the gradient is by the value
	// before.
	ActivationAfter
	// BothAfter is torch-cam's rule: activation and gradient belong to the value
	// after the operation.
	BothAfter
)

// Spec says what a plan must capture.
type Spec struct {
	// Layers are layer addresses: "path", "path@call", "path:element",
	// "#op:index" or [Input]. Activations and gradients come back in this order.
	Layers []string
	// Relu is the rule for gradients through rectifiers.
	Relu ReluRule
	// InPlace is the rule for layers whose value is written to later.
	InPlace InPlaceRule
}

// Model runs a network and can be cut at its layers. Implementations are safe
// for concurrent use.
type Model interface {
	// Plan prepares a pass that captures the layers of the spec.
	Plan(ctx context.Context, spec Spec) (Plan, error)
	// Predict is the fastest forward pass, without any capture.
	Predict(ctx context.Context, inputs []Array) ([]Output, error)
	// Calls runs the model once and lists every call of a submodule, in the
	// order in which the calls return.
	Calls(ctx context.Context, inputs []Array) ([]Call, error)
}

// Plan is a prepared way through the network. It is immutable and safe for
// concurrent use.
type Plan interface {
	// Forward runs the batch. The first axis of every array is the batch.
	Forward(ctx context.Context, inputs []Array) (Pass, error)
	// Describe says how the plan captures its layers, for people.
	Describe() string
	Close() error
}

// Pass is one batch on its way through a plan. It belongs to one goroutine at a
// time. Close releases what it holds; it may be called more than once.
type Pass interface {
	// Outputs are the model's tensors, named by [Output.Name].
	Outputs() []Output
	// Activations are the layers' values as the submodules returned them, in
	// the order of Spec.Layers.
	Activations() []Array
	// Backward returns, for every layer, the gradient of the sum of
	// <cotangent, output> with respect to the layer's activation, zero where
	// the outputs do not depend on it. It may be called repeatedly.
	Backward(ctx context.Context, cotangents []Cotangent) ([]Array, error)
	// Rerun runs what comes after the first layer with other activations,
	// without gradients. Row i of the activations continues sample rows[i] of
	// this pass; nil rows mean one row a sample, in order. Where the layer has
	// several rows a sample (windows), so has each row here, lying together.
	Rerun(ctx context.Context, activation Array, rows []int) ([]Output, error)
	Close() error
}

// SecondOrder is a Pass that can differentiate twice.
type SecondOrder interface {
	// SecondOrder returns H v for every layer, where H is the Hessian of
	// <c, output> with respect to the activations, and the directional
	// derivative J v of the floating-point outputs along v. An absent array is the
	// direction zero: to have each layer's own block of H, ask layer by layer.
	SecondOrder(ctx context.Context, c []Cotangent, v []Array) (hv []Array, jv []Output, err error)
}

// RerunGrad is a Pass that can continue from other activations with gradients.
type RerunGrad interface {
	// RerunGrad is Rerun as a pass of its own, which the caller closes.
	RerunGrad(ctx context.Context, activation Array, rows []int) (Pass, error)
}

// Differentiable is a Plan that knows before a pass whether there are gradients.
type Differentiable interface {
	// Differentiable is nil where [Pass.Backward] works, else its
	// [ErrNoDerivative].
	Differentiable() error
}

// Measured is a Model, Plan or Pass that has measured the memory of what it runs:
// of a model [Model.Predict], of a plan [Plan.Forward] and [Pass.Backward], of a pass
// [Pass.Rerun].
type Measured interface {
	// RowBytes is what one more row takes while it runs, in bytes, besides the
	// weights. The shapes are those of one row of every input, of the activation for
	// a pass. It is 0 until rows of these shapes have run.
	RowBytes(row ...[]int) int64
}

// Biases is a Plan that can list the additive terms of its network.
type Biases interface {
	Biases(ctx context.Context) ([]Bias, error)
}

// Output is one tensor of the model's result. A lone tensor has the name "";
// members of a tuple or list are named by their index, members of a dict by
// their key, nested ones joined by dots ("0", "out", "1.boxes"). Integer
// results fill Array.Ints.
type Output struct {
	Name  string
	Array Array
}

// Cotangent is dscore/doutput for the output of that name.
type Cotangent struct {
	Output string
	Array  Array
}

// Call is one call of one submodule.
type Call struct {
	// Path of the submodule ("layer4.0.conv1"), or "#op:index" for a node.
	Path string
	// Type is the Python class name without its module ("Conv2d"), or the
	// operator of a node.
	Type string
	// Method is the method called, usually "forward".
	Method string
	// Index counts the calls of this submodule from 0; Of is their number.
	Index, Of int
	// Elements are the tensors returned, named as outputs are; none for a call
	// that returned no tensor.
	Elements []Element
	// Value identifies the value returned: calls with equal Value returned the
	// very same tensor (a container and its last member).
	Value int
	// TakesInput says that the model's own input is an argument of the call.
	TakesInput bool
	// Conditional says that the call sits inside a branch or loop that only the
	// run decides.
	Conditional bool
}

// Element describes one tensor that a call returned.
type Element struct {
	Name  string
	Shape []int
	// DType is the element type in PyTorch's names: "float32", "int64".
	DType string
}

// Bias is the additive term of one convolution or batch norm: for a batch norm
// beta - mean*gamma/sqrt(var+eps) (numerics of FullGrad, Srinivas and Fleuret
// 2019, arXiv:1905.00780). Layer addresses the node whose output it is added to.
type Bias struct {
	Layer  string
	Values []float32
}
