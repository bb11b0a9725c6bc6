package gradcam

import "context"

// RefineCAM multiplies the finished maps of several layers: what early layers see
// sharply and late ones know to matter (arXiv:2605.14641, as pytorch-grad-cam and
// torch-cam have it). Each layer's map is finished by itself, at the input's size,
// before the product, which is stretched to 0..1; [WithFusion] does not change
// that. A layer whose map is blank makes the product blank.
type RefineCAM struct {
	// Base makes each layer's map; nil is [GradCAMPlusPlus].
	Base Method `default:"gradcam++" about:"method of each layer"`
}

// Name is the method's name on the command line.
func (RefineCAM) Name() string { return "refinecam" }

// Needs are those of the base.
func (m RefineCAM) Needs() Needs { return m.base().Needs() }

// Map returns the base's raw maps, one a layer.
func (m RefineCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	return m.base().Map(ctx, run)
}

// Retarget is the base's.
func (m RefineCAM) Retarget(t Target) Target {
	if r, ok := m.base().(Retargeter); ok {
		return r.Retarget(t)
	}
	return t
}

func (m RefineCAM) base() Method {
	if m.Base == nil {
		return GradCAMPlusPlus
	}
	return m.Base
}

// fusesOf says how the maps of several layers become one under a method.
func (e *Explainer) fusesOf(m Method) Fusion {
	switch mapper(m).(type) {
	case RefineCAM, *RefineCAM:
		return Product
	}
	return e.fuses()
}
