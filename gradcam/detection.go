package gradcam

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
)

// Box is an object in an image: its edges in pixels of the model's input, and the
// label of its class.
type Box struct {
	Left, Top, Right, Bottom float64
	Label                    int
}

// DefaultOverlap is the intersection over union above which a box found is taken
// for a reference.
const DefaultOverlap = 0.5

// Boxes explains what a detector says about reference boxes, usually some that it
// found itself. For each reference the box that overlaps it most counts, with its
// intersection over union and its score, if that overlap is above the given one
// and the label is the same; otherwise the reference counts nothing
// (pytorch-grad-cam's FasterRCNNBoxScoreTarget). The gradient goes through boxes
// and scores. An overlap of 0 is [DefaultOverlap].
//
// The model returns what torchvision's detectors do: outputs "boxes" [K, 4] (left,
// top, right, bottom), "labels" [K] and "scores" [K], in a dict a sample
// ("0.boxes", "1.boxes", ...), or for the whole batch, with the batch as first
// axis.
func Boxes(overlap float64, references ...Box) Target {
	if overlap == 0 {
		overlap = DefaultOverlap
	}
	return &detection{overlap, references}
}

// detection is used by its address, as its boxes cannot be compared.
type detection struct {
	overlap    float64
	references []Box
}

var _ Joint = (*detection)(nil)

func (d *detection) String() string {
	var words []string
	for _, r := range d.references {
		words = append(words, fmt.Sprintf("%v,%v,%v,%v,%d", r.Left, r.Top, r.Right, r.Bottom, r.Label))
	}
	s := "box:" + strings.Join(words, ";")
	if d.overlap != DefaultOverlap {
		s += "@" + strconv.FormatFloat(d.overlap, 'g', -1, 64)
	}
	return s
}

// Score refuses: boxes are spread over several outputs.
func (d *detection) Score(Sample) (Score, error) {
	return Score{}, markf(ErrTarget, "target %s: it reads the outputs boxes, labels and scores, not one output", d)
}

// ScoreOutputs implements [Joint].
func (d *detection) ScoreOutputs(outputs []engine.Output, sample int) (Score, []engine.Cotangent, error) {
	if len(d.references) == 0 || !(d.overlap >= 0 && d.overlap < 1) {
		return Score{}, nil, markf(ErrTarget, "target %s: give at least one box, and an overlap from 0 to 1", d)
	}
	found, err := findDetections(outputs, sample)
	if err != nil {
		return Score{}, nil, markf(ErrTarget, "target %s: %v", d, err)
	}
	score := Score{Index: NoClass}
	boxes, scores := engine.NewArray(found.boxes.Array.Shape...), engine.NewArray(found.scores.Array.Shape...)
	for _, r := range d.references {
		best, overlap, gradient := found.match(corners{r.Left, r.Top, r.Right, r.Bottom})
		if best < 0 || overlap <= d.overlap || found.label(best) != r.Label {
			continue
		}
		at := found.first + best
		score.Value += overlap + float64(found.scores.Array.Data[at])
		scores.Data[at]++
		for i, g := range gradient {
			boxes.Data[4*at+i] += float32(g)
		}
	}
	return score, []engine.Cotangent{{Output: found.boxes.Name, Array: boxes}, {Output: found.scores.Name, Array: scores}}, nil
}

// detections are the boxes of one sample: count of them, from number first of the
// outputs.
type detections struct {
	boxes, labels, scores engine.Output
	first, count          int
}

func (f detections) box(i int) corners {
	b := f.boxes.Array.Data[4*(f.first+i):]
	return corners{float64(b[0]), float64(b[1]), float64(b[2]), float64(b[3])}
}

func (f detections) label(i int) int {
	if a := f.labels.Array; a.Ints != nil {
		return int(a.Ints[f.first+i])
	}
	return int(f.labels.Array.Data[f.first+i])
}

// match finds the box that overlaps a reference most, the first of equal ones; -1
// if there is no box at all.
func (f detections) match(reference corners) (best int, overlap float64, gradient corners) {
	best = -1
	for i := range f.count {
		if v, g := iou(reference, f.box(i)); best < 0 || v > overlap {
			best, overlap, gradient = i, v, g
		}
	}
	return best, overlap, gradient
}
