package gradcam

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
)

// Explainer explains the decisions of one model. It is immutable and safe for
// concurrent use; the plans it makes of the model are kept until Close.
type Explainer struct {
	model      engine.Model
	methods    []Method
	layers     []string // empty: choose
	layouts    []Layout // empty: find by shape
	fusion     *Fusion  // nil: the peer's
	compat     Peer
	outputName string
	kind       OutputKind
	labels     []string
	// mislabelled is done when labels were found not to fit.
	mislabelled sync.Once
	top         int
	log         *slog.Logger
	seed        uint64
	source      Source
	memory      int64
	progress    func(Progress) // nil: nobody listens
	observer    Observer       // nil: nobody looks
	input       int            // the one that is explained
	inputOrder  Order          // of that input

	eigenSmoothing, augSmoothing bool

	plans   memo[engine.Plan]
	choices memo[Choice]
	room    room
	// running is held for reading by every call, so that Close waits for them.
	running sync.RWMutex
	closed  bool
}

// New builds an explainer. The model is neither run nor looked into yet.
func New(model engine.Model, options ...Option) (*Explainer, error) {
	if model == nil {
		return nil, errors.New("gradcam: model is nil")
	}
	e := &Explainer{
		model:   model,
		methods: []Method{GradCAM},
		top:     5,
		log:     slog.New(slog.DiscardHandler),
		source:  SeededSource(0),
		memory:  DefaultMemory,
		choices: memo[Choice]{limit: 64},
	}
	for _, set := range options {
		if err := set(e); err != nil {
			return nil, fmt.Errorf("gradcam: %w", err)
		}
	}
	if n := max(len(e.layers), 1); len(e.layouts) > 1 && len(e.layouts) != n {
		return nil, fmt.Errorf("gradcam: %d layouts for %d layers: give one for all or one each", len(e.layouts), n)
	}
	if len(e.layers) > 0 && !needsLayer(e.methods) {
		e.log.Warn("layer is ignored: the method explains the input", "layers", e.layers, "method", e.methods[0].Name())
	}
	return e, nil
}

// Close waits for explanations that are running and releases the plans. It may
// be called more than once.
func (e *Explainer) Close() error {
	e.running.Lock()
	defer e.running.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	var errs []error
	for _, p := range e.plans.values() {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// Explain explains a batch: the model's only input, the first axis being the
// batch. targets is one target for all samples, or one each; without any it is
// [Top1]. There is one result a sample.
func (e *Explainer) Explain(ctx context.Context, batch engine.Array, targets ...Target) ([]Result, error) {
	if len(e.methods) > 1 {
		return nil, fmt.Errorf("gradcam: %d methods: call ExplainAll, or build one explainer for each", len(e.methods))
	}
	all, err := e.ExplainAll(ctx, []engine.Array{batch}, targets...)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// ExplainAll explains a batch with every method of the explainer, on one forward
// pass, and one backward pass for all methods that explain the same score.
// inputs are the model's arguments. The result is indexed by method, in the
// order of [WithMethods], then by sample.
//
// A batch for which memory does not suffice ([engine.ErrOutOfMemory]) is halved,
// down to single samples, and later ones of that size at once. Results are the
// same, but [Result.Timings] are sums.
func (e *Explainer) ExplainAll(ctx context.Context, inputs []engine.Array, targets ...Target) ([][]Result, error) {
	return guarded(e, func() ([][]Result, error) { return e.explain(ctx, inputs, targets) })
}

// guarded answers a call from outside, unless the explainer is closed. Close waits
// for it, and its errors say which package they are from.
func guarded[T any](e *Explainer, answer func() (T, error)) (T, error) {
	e.running.RLock()
	defer e.running.RUnlock()
	var none T
	if e.closed {
		return none, fmt.Errorf("gradcam: %w", ErrClosed)
	}
	value, err := answer()
	if err != nil {
		return none, fmt.Errorf("gradcam: %w", err)
	}
	return value, nil
}

func (e *Explainer) explain(ctx context.Context, inputs []engine.Array, targets []Target) ([][]Result, error) {
	whole, err := e.newShare(inputs, targets)
	if err != nil {
		return nil, err
	}
	return e.divide(ctx, whole)
}

// whole explains a share in one batch.
func (e *Explainer) whole(ctx context.Context, s share) ([][]Result, error) {
	b := &batch{explainer: e, inputs: s.inputs, n: s.n, offset: s.first}
	all, err := b.run(ctx, s.targets)
	if err == nil && e.augSmoothing {
		all, err = b.smooth(ctx, s.targets, all)
	}
	return all, s.blame(err)
}

// plan makes a plan or finds the one made before.
func (e *Explainer) plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	if spec.InPlace == engine.AsReturned {
		spec.InPlace = e.compat.inPlace()
	}
	key := fmt.Sprintf("%d %d %s", spec.Relu, spec.InPlace, strings.Join(spec.Layers, "\x00"))
	return e.plans.get(ctx, key, func() (engine.Plan, error) {
		p, err := e.model.Plan(ctx, spec)
		if err == nil {
			e.log.Debug("plan made", "layers", spec.Layers, "how", p.Describe())
		}
		return p, err
	})
}

// fuses is how the maps of several layers become one.
func (e *Explainer) fuses() Fusion {
	if e.fusion != nil {
		return *e.fusion
	}
	return e.compat.fusion()
}

// layout is the layout given for layer i.
func (e *Explainer) layout(i int) Layout {
	if len(e.layouts) == 0 {
		return Layout{}
	}
	return e.layouts[i%len(e.layouts)]
}

func needsLayer(methods []Method) bool {
	for _, m := range methods {
		if m.Needs().Layer {
			return true
		}
	}
	return false
}
