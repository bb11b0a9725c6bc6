package gradcam

import "github.com/torchlight-go/torchlight/engine"

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

// best lists the k best classes of a sample, none where no output is scored.
func (b *batch) best(sample int) []ClassScore {
	if b.output == noOutput {
		return nil
	}
	y := b.samples[sample]
	return best(y.Values(), y.Probabilities(), b.explainer.labels, b.explainer.top)
}

// class completes a target's class, if it has one, with what the model says of it.
func (b *batch) class(s Score, sample int) ClassScore {
	c := ClassScore{Index: s.Index, Score: s.Value}
	if b.output == noOutput || s.Index < 0 {
		return c
	}
	if p := b.samples[sample].Probabilities(); s.Index < len(p) {
		c.Probability, c.Label = p[s.Index], label(b.explainer.labels, s.Index)
	}
	return c
}
