package gradcam

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

// Method computes raw maps. Methods are small immutable values; one value
// serves many explanations at the same time.
//
// Map gets a [Run]: the batch, its scores and, on demand, activations,
// gradients and everything else the engine can do. What it returns is signed
// and not normalised; [Finish] says what becomes of it. A method may also
// implement [Retargeter].
type Method interface {
	// Name is the method's name on the command line: lower case, no spaces.
	Name() string
	// Needs says what the method asks of the engine. It is read before Map, to
	// run what several methods need only once, and to say which methods would
	// work where this one does not.
	Needs() Needs
	// Map returns one attribution a layer, in the order of run.Layers, or one
	// for the input.
	Map(ctx context.Context, run *Run) ([]Attribution, error)
}

// Retargeter is a Method that explains a function of its own of the class that
// the target chose: the seed's recipe takes its probability, FinerCAM compares
// it with its neighbours.
type Retargeter interface {
	Method
	Retarget(Target) Target
}

// Needs is what a method asks of the engine.
type Needs struct {
	// Layer says that the method explains a layer. Without it layers are ignored.
	Layer bool
	// Gradient is the gradient by the layer.
	Gradient bool
	// Input is the gradient by the model's input, under the rule for rectifiers in
	// Relu. Elsewhere says that gradients are taken at other inputs than the given
	// one, along a path or under noise, so that the pass of the given one is no use.
	Input, Elsewhere bool
	Relu             engine.ReluRule
	// SecondOrder, Rerun, RerunGrad and Biases are capabilities of package
	// engine, Predict is plain inference.
	SecondOrder, Rerun, RerunGrad, Biases, Predict bool
	// Random says that the result depends on a seed.
	Random bool
	// Unsigned says that the sign of the raw map is not for or against the target: the
	// method looks at none, or makes a component whose sign it chooses.
	Unsigned bool
	// Together says that what one sample gets depends on the others of its batch, which
	// must not be divided.
	Together bool
	// Masks are the inputs that the method can hide parts of, if it does.
	Masks Masking
	// Cost is what one explanation takes.
	Cost Cost
}

// Cost counts passes of one batch, for one layer. Passes shared by several methods
// are made once.
type Cost struct {
	// Forward and Backward go through the whole network.
	Forward, Backward int
	// Tail are passes forward and backward after the layer.
	Tail int
	// PerChannel and PerPosition count partial passes, after the layer, for
	// each of its channels or positions.
	PerChannel, PerPosition int
	// ForwardPerChannel and ForwardPerFeature count further forward passes through
	// the whole network, for each channel of the layer, and for each feature of the
	// input, which is a window for [Occlusion].
	ForwardPerChannel, ForwardPerFeature int
	// Note says what the numbers cannot.
	Note string
}

// Finish says how a raw map becomes a map.
type Finish int

const (
	// Normalise is pytorch-grad-cam's pipeline: ReLU, min-max at the layer's
	// size, upsample, fuse the layers, min-max again.
	Normalise Finish = iota
	// Clip is ReLU, upsample, fuse. The map keeps its scale.
	Clip
	// Magnitude is for input attributions [C, H, W]: the sum of magnitudes over
	// channels, min-max. Those of a table's columns, [F], and of a layer's units have
	// no channels.
	Magnitude
)

// Attribution is one raw map for every sample of the batch.
type Attribution struct {
	// Layer is the address of the layer, or [engine.Input].
	Layer string
	// Values are [N, space...], or under Magnitude [N, C, space...] or [N, F].
	Values engine.Array
	Finish Finish
}

// check refuses an attribution that does not hold one finite map a sample.
func (a Attribution) check(n int) error {
	if len(a.Values.Shape) < 2 || a.Values.Shape[0] != n || a.Values.Ints != nil {
		return fmt.Errorf("raw map of %s has shape %v for %d samples", a.Layer, a.Values.Shape, n)
	}
	if err := a.Values.Check(); err != nil {
		return fmt.Errorf("raw map of %s: %w", a.Layer, err)
	}
	if a.Values.Len() == 0 {
		return fmt.Errorf("raw map of %s is empty: its shape is %v", a.Layer, a.Values.Shape)
	}
	return finiteRows(a.Values, "raw map of "+a.Layer)
}
