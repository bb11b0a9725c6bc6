package gradcam

import (
	"fmt"
	"math"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
)

// OutputKind says what the numbers of an output are. The zero value is Logits.
type OutputKind int

const (
	// Logits become probabilities by a softmax over the classes. A single logit
	// becomes one by the logistic function.
	Logits OutputKind = iota
	// Probabilities are used as they are: the model ends in a softmax or in a
	// logistic function.
	Probabilities
	// Sigmoid are independent logits, one a class; each becomes a probability by
	// the logistic function.
	Sigmoid
)

var outputKinds = [...]string{Logits: "logits", Probabilities: "probabilities", Sigmoid: "sigmoid"} //nolint:gochecknoglobals // a constant: Go has no constant arrays

func (k OutputKind) String() string {
	if k < 0 || int(k) >= len(outputKinds) {
		return fmt.Sprintf("OutputKind(%d)", int(k))
	}
	return outputKinds[k]
}

// ParseOutputKind reads the word that model cards use; "" is Logits.
func ParseOutputKind(s string) (OutputKind, error) {
	if s == "" {
		return Logits, nil
	}
	for k, name := range outputKinds {
		if s == name {
			return OutputKind(k), nil
		}
	}
	return 0, fmt.Errorf("output kind %q: give one of %s", s, strings.Join(outputKinds[:], ", "))
}

// Sample is one sample's output as a target sees it.
type Sample struct {
	// Output is the output without the batch axis: [classes], or with positions
	// [positions, classes] and [classes, height, width].
	Output engine.Array
	// Kind says what its numbers are.
	Kind OutputKind
}

// axes are the number of classes and positions of the output, and the strides
// of one class and one position. Networks that label every pixel put classes
// first, those that label every token put them last.
func (y Sample) axes() (classes, positions, classStride, positionStride int) {
	shape := y.Output.Shape
	switch len(shape) {
	case 0:
		return 1, 1, 1, 1
	case 1:
		return shape[0], 1, 1, 1
	case 2:
		return shape[1], shape[0], 1, shape[1]
	default:
		n := engine.Size(shape[1:])
		return shape[0], n, n, 1
	}
}

// Values are the output's numbers for each class, in float64. Where the output
// has positions (pixels, tokens) it is their mean.
func (y Sample) Values() []float64 { return y.pool(y.Output.Data) }

// pool averages any array of the output's shape over its positions.
func (y Sample) pool(data []float32) []float64 {
	classes, positions, cs, ps := y.axes()
	z := make([]float64, classes)
	for c := range z {
		for p := range positions {
			z[c] += float64(data[c*cs+p*ps])
		}
		z[c] /= float64(positions)
	}
	return z
}

// spread is the transpose of pool: it hands each class's derivative to the
// positions its value was averaged over.
func (y Sample) spread(dz []float64) []float32 {
	_, positions, cs, ps := y.axes()
	out := make([]float32, y.Output.Len())
	for c, d := range dz {
		v := float32(d / float64(positions))
		for p := range positions {
			out[c*cs+p*ps] = v
		}
	}
	return out
}

// Probabilities turns the output's values into probabilities, in float64.
func (y Sample) Probabilities() []float64 { return y.probabilities(y.Values()) }

// probabilities turns values of the output into probabilities, in place.
func (y Sample) probabilities(z []float64) []float64 {
	switch {
	case y.Kind == Probabilities:
	case y.independent(len(z)):
		for i, v := range z {
			z[i] = logistic(v)
		}
	default:
		softmax(z)
	}
	return z
}

// independent says that the probability of a class depends on its own logit
// only. One logit alone has no others to be compared with.
func (y Sample) independent(classes int) bool {
	return y.Kind == Sigmoid || y.Kind == Logits && classes == 1
}

// softmax replaces z by exp(z)/sum(exp(z)), without overflow for any finite z.
func softmax(z []float64) {
	top := math.Inf(-1)
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for i, v := range z {
		z[i] = math.Exp(v - top)
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
}

// logSumExp is log(sum(exp(z))).
func logSumExp(z []float64) float64 {
	top := math.Inf(-1)
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// logistic is 1/(1+exp(-v)), without overflow.
func logistic(v float64) float64 {
	if v < 0 {
		e := math.Exp(v)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-v))
}

// logLogistic is log(logistic(v)), accurate at both ends.
func logLogistic(v float64) float64 {
	if v < 0 {
		return v - math.Log1p(math.Exp(v))
	}
	return -math.Log1p(math.Exp(-v))
}
