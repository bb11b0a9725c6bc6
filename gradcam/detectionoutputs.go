package gradcam

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
)

// findDetections finds the boxes, labels and scores of a sample among the outputs:
// in the dict of its own, or in outputs of the whole batch.
func findDetections(outputs []engine.Output, sample int) (detections, error) {
	own := strconv.Itoa(sample) + "."
	for _, o := range outputs {
		prefix, ok := strings.CutSuffix(o.Name, "boxes")
		if !ok || prefix != own && !strings.HasSuffix(prefix, "."+own) {
			continue
		}
		f, err := boxOutputs(outputs, prefix)
		if err != nil {
			return f, err
		}
		return f, f.check(0, 1)
	}
	f, err := boxOutputs(outputs, "")
	if err != nil {
		return f, fmt.Errorf("the outputs %s hold no %q for sample %d: a detector returns boxes, labels and scores", outputNames(outputs), own+"boxes", sample)
	}
	shape := f.boxes.Array.Shape
	if len(shape) == 2 && sample == 0 { // a batch of one without its axis
		return f, f.check(0, 1)
	}
	if len(shape) != 3 || sample >= shape[0] {
		return f, fmt.Errorf("output boxes has shape %v, which has no sample %d: it should be [N, K, 4]", shape, sample)
	}
	return f, f.check(sample, shape[0])
}

// boxOutputs takes the three outputs with a common prefix.
func boxOutputs(outputs []engine.Output, prefix string) (detections, error) {
	var f detections
	for _, part := range []struct {
		name string
		to   *engine.Output
	}{{"boxes", &f.boxes}, {"labels", &f.labels}, {"scores", &f.scores}} {
		i, err := findOutput(outputs, prefix+part.name)
		if err != nil {
			return f, err
		}
		*part.to = outputs[i]
	}
	return f, nil
}

// check finds where the boxes of one of several samples are, and whether the three
// outputs go together.
func (f *detections) check(sample, of int) error {
	boxes, labels, scores := f.boxes.Array, f.labels.Array, f.scores.Array
	n := scores.Len()
	if boxes.Ints != nil || scores.Ints != nil || boxes.Len() != 4*n || labels.Len() != n || n%of != 0 || boxes.Check() != nil {
		return fmt.Errorf("outputs %s, %s and %s of shape %v, %v and %v: they should be [K, 4], [K] and [K]",
			f.boxes.Name, f.labels.Name, f.scores.Name, boxes.Shape, labels.Shape, scores.Shape)
	}
	f.count = n / of
	f.first = sample * f.count
	for _, o := range []engine.Output{f.boxes, f.scores} {
		if err := finite(o.Array, outputName(o.Name)); err != nil {
			return err
		}
	}
	return nil
}
