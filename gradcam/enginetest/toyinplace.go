package enginetest

import "github.com/torchlight-go/torchlight/engine"

// NewToyInPlace returns the network whose first ReLU overwrites what conv1
// returned, as ReLU(inplace=True) does: what conv1's activation and gradient are
// depends on [engine.Spec.InPlace].
func NewToyInPlace(h Head) *Toy { return &Toy{head: h, inPlace: true} }

// seen are the stages whose activation and gradient stand for those of stage s.
func (p *toyPlan) seen(s int) (activation, gradient int) {
	if !p.toy.inPlace || stages[s] != "conv1" {
		return s, s
	}
	switch p.inPlace {
	case engine.ActivationAfter:
		return s + 1, s
	case engine.BothAfter:
		return s + 1, s + 1
	default:
		return s, s
	}
}
