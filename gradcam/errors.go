package gradcam

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed is returned by an [Explainer] after Close.
	ErrClosed = errors.New("explainer is closed")
	// ErrNotFinite says that an input, an output, an activation, a gradient or a
	// raw map holds NaN or an infinity.
	ErrNotFinite = errors.New("not finite")
	// ErrTarget says that a target does not fit the output.
	ErrTarget = errors.New("target does not fit")
	// ErrLayer says that a layer cannot be explained, or that none was found.
	ErrLayer = errors.New("layer cannot be explained")
	// ErrMethod says that a method cannot be used on this model and layer; the error
	// names those that can.
	ErrMethod = errors.New("method does not fit")
	// ErrOption says that an option of a method is out of range.
	ErrOption = errors.New("option out of range")
	// ErrNoLayer is the [ErrLayer] of a model without any layer to choose.
	ErrNoLayer = fmt.Errorf("no layer: %w", ErrLayer)
	// ErrOutput says that the model's outputs offer nothing to explain.
	ErrOutput = errors.New("no output to explain")
)

// SampleError says which sample of a batch an error is about.
type SampleError struct {
	Sample int
	Err    error
}

func (e *SampleError) Error() string { return fmt.Sprintf("sample %d: %v", e.Sample, e.Err) }

func (e *SampleError) Unwrap() error { return e.Err }

// mark gives an error a kind for errors.Is without changing its one line.
type mark struct {
	kind error
	text string
}

func (e *mark) Error() string { return e.text }

func (e *mark) Unwrap() error { return e.kind }

func markf(kind error, format string, args ...any) error {
	return &mark{kind, fmt.Sprintf(format, args...)}
}
