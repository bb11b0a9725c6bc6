package gradcam

import (
	"context"
	"errors"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

// Run is one batch on its way through one method. What it returns is shared
// with other methods: read only. It is valid until Map returns and belongs to
// the goroutine that called Map.
type Run struct {
	method  string
	mapper  string // the method whose maps they are
	batch   *batch
	check   func(Target, Score, Sample) error // of targets' gradients
	targets []Target
	scores  []Score
	// cotangents are dscore/doutput of the whole batch.
	cotangents []engine.Cotangent
	gradients  []View // nil until asked for
	// nonZeroGradients says which samples had a gradient that is not zero, for the
	// input and for layers whose gradient was taken elsewhere.
	nonZeroGradients map[string][]bool
}

// batch is what all methods of one call share.
type batch struct {
	explainer   *Explainer
	inputs      []engine.Array
	n           int
	offset      int // the first sample's index, of a share of a batch
	choice      Choice
	layers      []string
	pass        engine.Pass       // nil when no method needs a layer
	pooled      engine.PooledPass // in its place, where maps are made by the engine
	outputs     []engine.Output
	output      int // the index of the output that is scored
	samples     []Sample
	layouts     []Layout
	activations []View // nil until asked for
	passes      []*Run // runs whose gradients are there
	// inputPasses captured the explained input, one a rule, when asked for.
	inputPasses    map[engine.ReluRule]engine.Pass
	inputGradients []inputGradient
	aimed          [][]Target // the targets of each method so far
	augmented      bool       // a changed copy of another batch
	timings        Timings
}

// Method is the name of the method.
func (r *Run) Method() string { return r.method }

// Inputs are the model's inputs. The first axis of each is the batch.
func (r *Run) Inputs() []engine.Array { return r.batch.inputs }

// Len is the number of samples.
func (r *Run) Len() int { return r.batch.n }

// Layers are the addresses of the layers to explain.
func (r *Run) Layers() []string { return r.batch.layers }

// Outputs are all outputs of the model.
func (r *Run) Outputs() []engine.Output { return r.batch.outputs }

// Targets are the targets, one a sample, with every choice made: [TopK] has
// become a class.
func (r *Run) Targets() []Target { return r.targets }

// Scores are the scores of the outputs, one a sample.
func (r *Run) Scores() []Score { return r.scores }

// Pass is the pass that captured the layers, for methods that continue from it.
// It must not be closed. It is nil for a method that needs no layer.
func (r *Run) Pass() engine.Pass { return r.batch.pass }

// Plan makes another plan of the model, or finds the one made before. It must
// not be closed: the explainer owns it.
func (r *Run) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	return r.batch.explainer.plan(ctx, spec)
}

// Predict is the model's fastest forward pass.
func (r *Run) Predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	return r.batch.explainer.model.Predict(ctx, inputs)
}

// Source draws the method's random numbers.
func (r *Run) Source() Source {
	if r.batch.offset > 0 {
		return shifted{r.batch.explainer.source, r.batch.offset}
	}
	return r.batch.explainer.source
}

// Rows is how many copies of that many float32 values fit into the memory that
// the method may use at a time: at least one.
func (r *Run) Rows(values int) int {
	return int(max(1, r.batch.explainer.memory/(4*int64(max(1, values)))))
}

// Progress tells whoever listens that done of total passes are made.
func (r *Run) Progress(done, total int) {
	if f := r.batch.explainer.progress; f != nil {
		f(Progress{r.method, done, total})
	}
}

// Score scores other outputs of the model, such as those of perturbed inputs,
// for the same targets, and returns the cotangents that a backward pass from
// them needs. Row i belongs to sample rows[i]; nil rows mean one row a sample. A
// [SampleError] is about the sample, whichever of its rows is wrong.
func (r *Run) Score(outputs []engine.Output, rows []int) ([]Score, []engine.Cotangent, error) {
	if rows == nil {
		rows = identity(r.batch.n)
	}
	targets := make([]Target, len(rows))
	for row, sample := range rows {
		targets[row] = r.targets[sample]
	}
	scores, cotangents, err := r.scoreRows(outputs, targets)
	if bad := (*SampleError)(nil); errors.As(err, &bad) {
		err = &SampleError{rows[bad.Sample], bad.Err} // it counted rows
	}
	return scores, cotangents, err
}

// scoreRows scores outputs that have a row for each of the targets.
func (r *Run) scoreRows(outputs []engine.Output, targets []Target) ([]Score, []engine.Cotangent, error) {
	b := r.batch
	if b.output == noOutput {
		return score(outputs, noOutput, make([]Sample, len(targets)), targets, r.check)
	}
	i, ys, err := b.explainer.split(outputs, b.outputs[b.output].Name, len(targets))
	if err != nil {
		return nil, nil, err
	}
	return score(outputs, i, ys, targets, r.check)
}

// back scores what a pass returned and goes back from there: the gradients by its
// layers. Row i of the pass belongs to sample rows[i], as for Score.
func (r *Run) back(ctx context.Context, pass engine.Pass, rows []int) ([]engine.Array, error) {
	_, cotangents, err := r.Score(pass.Outputs(), rows)
	if err != nil {
		return nil, err
	}
	gradients, err := pass.Backward(ctx, cotangents)
	if err != nil {
		return nil, fmt.Errorf("backward: %w", err)
	}
	return gradients, nil
}

func identity(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}
