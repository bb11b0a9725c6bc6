package gradcam

import (
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// noOutput is the index of the chosen output where every target reads several and
// none can be chosen: a detector's boxes have no batch axis.
const noOutput = -1

// scored finds the output that is scored and its samples. Where all targets are
// Joint there need be none; samples are empty then.
func (e *Explainer) scored(outputs []engine.Output, n int, targets []Target) (int, []Sample, error) {
	i, ys, err := e.split(outputs, e.outputName, n)
	if err == nil {
		e.checkLabels(ys[0])
		return i, ys, nil
	}
	for _, t := range targets {
		if _, ok := t.(Joint); !ok {
			return noOutput, nil, err
		}
	}
	return noOutput, make([]Sample, n), nil
}

// classes are what the model says of a sample: a score's class, if it has one,
// completed, and the best of all, none where no output is scored.
func (b *batch) classes(s Score, sample int) (of ClassScore, top []ClassScore) {
	of = ClassScore{Index: s.Index, Score: s.Value}
	if b.output == noOutput {
		return of, nil
	}
	y, labels := b.samples[sample], b.explainer.labels
	z := y.Values()
	p := y.probabilities(slices.Clone(z))
	if s.Index >= 0 && s.Index < len(p) {
		of.Probability, of.Label = p[s.Index], label(labels, s.Index)
	}
	return of, best(z, p, labels, b.explainer.top)
}
