package gradcam

import "fmt"

// Binary explains a network with one output that separates two categories: the
// output for category 1, minus the output for category 0. It is pytorch-grad-cam's
// BinaryClassifierOutputTarget. An output with positions counts by its mean.
func Binary(category int) Target { return binary{category: category} }

type binary struct {
	linear
	category int
}

func (b binary) String() string { return fmt.Sprintf("binary:%d", b.category) }

func (b binary) Score(y Sample) (Score, error) {
	if b.category != 0 && b.category != 1 {
		return Score{}, markf(ErrTarget, "target %s: the categories are 0 and 1", b)
	}
	z := y.Values()
	if len(z) != 1 {
		return Score{}, markf(ErrTarget, "target %s: the model has %d classes, not one output: explain class %d", b, len(z), b.category)
	}
	sign := float64(2*b.category - 1)
	return Score{Value: sign * z[0], Index: NoClass, Cotangent: y.spread([]float64{sign})}, nil
}

// RawOutput explains the only number of each sample's output: a regression, or a score
// that the network computes itself. It is pytorch-grad-cam's
// RawScoresOutputTarget, and captum's behaviour without a target.
func RawOutput() Target { return rawOutput{} }

type rawOutput struct{ linear }

func (rawOutput) String() string { return "raw" }

func (r rawOutput) Score(y Sample) (Score, error) {
	if n := y.Output.Len(); n != 1 {
		return Score{}, markf(ErrTarget, "target raw: the output %v has %d numbers for each sample: choose one, by its class or as anchor:POSITION:CLASS", y.Output.Shape, n)
	}
	return Score{Value: float64(y.Output.Data[0]), Index: NoClass, Cotangent: []float32{1}}, nil
}

// Anchor explains the raw output of one class at one position: of a detector that
// scores every anchor, [anchors, classes] as in SSD or RetinaNet, of a pixel of
// a segmentation [classes, height, width] with positions in row-major order, of
// a token. The other class targets take the mean over positions.
func Anchor(position, class int) Target { return anchor{position: position, class: class} }

type anchor struct {
	linear
	position, class int
}

func (a anchor) String() string { return fmt.Sprintf("anchor:%d:%d", a.position, a.class) }

func (a anchor) Score(y Sample) (Score, error) {
	classes, positions, cs, ps := y.axes()
	if a.position < 0 || a.position >= positions {
		return Score{}, markf(ErrTarget, "target %s: position %d is out of range: the output %v has positions 0 to %d", a, a.position, y.Output.Shape, positions-1)
	}
	if a.class < 0 || a.class >= classes {
		return Score{}, markf(ErrTarget, "target %s: class %d is out of range: the output %v has classes 0 to %d", a, a.class, y.Output.Shape, classes-1)
	}
	at := a.class*cs + a.position*ps
	cotangent := make([]float32, y.Output.Len())
	cotangent[at] = 1
	return Score{Value: float64(y.Output.Data[at]), Index: a.class, Cotangent: cotangent}, nil
}
