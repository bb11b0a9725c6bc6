package engine

import "context"

// Pooling is a Plan that can make Grad-CAM's maps where the network runs, so that
// neither activations nor gradients need to be copied out: on a GPU that copy takes
// longer than the network.
type Pooling interface {
	// Pools says whether this plan's passes should be run so.
	Pools() bool
	// ForwardPooled is [Plan.Forward] for a pass whose activations stay where they
	// are.
	ForwardPooled(ctx context.Context, inputs []Array) (PooledPass, error)
}

// PooledPass is one batch on its way through a [Pooling] plan. It belongs to one
// goroutine at a time.
type PooledPass interface {
	Outputs() []Output
	// Shapes are those of the layers' values, in the order of Spec.Layers.
	Shapes() [][]int
	// Pool pools every layer; their values must be [N, C, space...].
	Pool(ctx context.Context, cotangents []Cotangent) ([]Pooled, error)
	// Full copies the activations out and returns the pass that [Plan.Forward] would
	// have. This pass is then its, and closed with it.
	Full() (Pass, error)
	Close() error
}

// Pooled is what Grad-CAM needs of one layer of N samples.
type Pooled struct {
	// Map is the sum of the channels, each weighted by the mean of its gradient: [N,
	// space...].
	Map Array
	// Gradient and Activation are the largest magnitudes of each sample's, not a
	// number where one of them is none.
	Gradient, Activation []float32
}

// Reclaimer is a Model that can give back memory that was freed and kept for later.
type Reclaimer interface {
	Reclaim() error
}
