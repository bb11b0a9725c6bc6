package gradcam

import "math"

// Reason says why a map is blank: all zeros. They are tested in this order.
type Reason string

const (
	// ZeroGradient: no gradient arrives at the layer, max|G| = 0. The score does
	// not depend on it, or every unit behind it is off.
	ZeroGradient Reason = "zero-gradient"
	// SaturatedTarget: the target is a probability above 1 - 1e-6, whose float32
	// gradient is rounding noise. Explain the logit instead.
	SaturatedTarget Reason = "saturated-target"
	// AllNegative: nothing in the layer speaks for the target, max raw <= 0. Methods
	// that differentiate nothing, or whose sign says nothing, give it for values of
	// which some are below 0, at more than one place; the rest is [Constant].
	AllNegative Reason = "all-negative"
	// Constant: the raw map has no contrast, its range is at most 1e-6 of its
	// largest magnitude. So is that of a layer of 1 x 1, unless a reason before this
	// one holds.
	Constant Reason = "constant"
)

// flat is the contrast, relative to the largest magnitude, below which a map is
// constant up to rounding.
const flat = 1e-6

// shades are what the reason of a blank map depends on besides its values.
type shades struct {
	// noGradient and saturated say that the gradient is zero, or noise.
	noGradient, saturated bool
	// signed says that negative values are shown.
	signed bool
	// weighed says that a gradient gave the map its sign. Where none did, zeros mean
	// that nothing was found, not that nothing speaks for the target.
	weighed bool
}

// blank tests one layer's raw map.
func blank(raw Raw, finish Finish, s shades) Reason {
	low, high := raw.Min, raw.Max
	if finish == Magnitude {
		low, high = extremes(magnitude(raw.Values))
	}
	switch {
	case s.noGradient:
		return ZeroGradient
	case s.saturated:
		return SaturatedTarget
	case high <= 0 && !s.signed && (s.weighed || low < 0 && raw.Values.Len() > 1):
		return AllNegative
	case float64(high)-float64(low) <= flat*max(math.Abs(float64(high)), math.Abs(float64(low))):
		return Constant
	}
	return ""
}

// blank tests the fused map. It is blank when every layer's is, for the first
// layer's reason in the order of the constants. A product is blank when one
// factor is, or when no place is lit in all of them.
func (r Result) blank() Reason {
	order := []Reason{ZeroGradient, SaturatedTarget, AllNegative, Constant}
	found := map[Reason]int{}
	for _, raw := range r.Raw {
		found[raw.Reason]++
	}
	if r.fusion == Product && len(r.Raw) > 1 {
		for _, reason := range order {
			if found[reason] > 0 {
				return reason
			}
		}
		if _, high := extremes(r.Map().Data); high == 0 {
			return Constant
		}
		return ""
	}
	if found[""] > 0 {
		return ""
	}
	// All layers are blank. One that has a gradient shows that it is not the
	// gradient that is missing, and so on: the last reason in order explains.
	for i := len(order) - 1; i >= 0; i-- {
		if found[order[i]] > 0 {
			return order[i]
		}
	}
	return ""
}
