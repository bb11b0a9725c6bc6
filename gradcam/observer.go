package gradcam

import "context"

// Observer looks at the run of a method that has made its maps, to keep what results
// do not: activations, gradients, outputs. It is called once a batch and method,
// from the goroutine that explains; an error ends the explanation.
type Observer func(ctx context.Context, run *Run) error

// WithObserver has every run looked at. What the observer asks of a run that the
// method did not is computed for it.
func WithObserver(o Observer) Option {
	return func(e *Explainer) error {
		e.observer = o
		return nil
	}
}
