package torch

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// Hook is a model cut at one or more of its layers. It is immutable and safe for
// concurrent use.
type Hook struct {
	object[*cgo.Plan]
	module *Module
	layers []string
	plan   PlanInfo
	cost   footprint // of passes
	reruns footprint // of rows of the earliest layer
}

// PlanInfo says how a hook captures its layers.
type PlanInfo struct {
	// Kind is "cut" when the graph was cut behind the earliest layer, "tap" when
	// that sits in a branch or loop and is captured on the way: slower.
	Kind string `json:"kind"`
	// Head and Tail count the operators on either side of the cut.
	Head int `json:"head"`
	Tail int `json:"tail"`
	// Crossing counts the values besides the layer's that the tail needs.
	Crossing int `json:"crossing"`
	// Notes say what was changed on the way.
	Notes []string `json:"notes"`
}

func (p PlanInfo) String() string {
	s := fmt.Sprintf("%s: %d operators before, %d behind, %d other value(s) crossing", p.Kind, p.Head, p.Tail, p.Crossing)
	for _, n := range p.Notes {
		s += "; " + n
	}
	return s
}

// Hook cuts the model at the layers. An address is
//
//	path           a submodule, "layer4.0.conv1"
//	path@call      one call of a submodule that is called several times, from 0
//	path:element   a member of the tuple that it returns
//	#op:index      a node of the graph, "#conv2d:-1"; counted from the end if negative
//	input          the model's first input
//	input@index    one of its inputs, from 0
//
// Several layers are captured in one pass.
//
// Errors: [ErrUnknownLayer], [ErrFrozen], [ErrLayerNotCalled],
// [ErrLayerAmbiguous], [ErrLayerNotTensor], [ErrStateful], [ErrTrainMode],
// [ErrInvalid] for text that is no address.
func (m *Module) Hook(layers ...string) (*Hook, error) {
	return m.HookSpec(engine.Spec{Layers: layers})
}

// HookSpec is [Module.Hook] with the rules of the spec.
//
// Spec.Relu changes how gradients pass through the rectifiers behind the earliest
// layer: every relu, relu6, hardtanh and clamp from 0, clamp_min(0) and
// threshold(0, 0), as a module, a function or an operator of the graph, in place
// or not, in branches and loops too. The outputs and the module stay as they are.
//
// Spec.InPlace chooses the value that counts for a layer whose value the next
// operator writes to. [Pass.Rerun] continues from the value as returned under
// every rule.
func (m *Module) HookSpec(spec engine.Spec) (*Hook, error) {
	return m.hook(spec, false)
}

func (m *Module) hook(spec engine.Spec, alone bool) (*Hook, error) {
	layers := append([]string(nil), spec.Layers...)
	if spec.Relu < engine.ReluPlain || spec.Relu > engine.ReluDeconvnet || spec.InPlace < engine.AsReturned || spec.InPlace > engine.BothAfter {
		return nil, &Error{Kind: ErrInvalid, About: m.object.about, Reason: fmt.Sprintf("unknown rule (Relu %d, InPlace %d)", spec.Relu, spec.InPlace), Fix: "use the constants of package engine"}
	}
	options := cgo.PlanOptions{Unfolded: !m.options.folding, Relu: int(spec.Relu), InPlace: int(spec.InPlace), Alone: alone}
	for _, l := range layers {
		if strings.ContainsRune(l, 0) {
			return nil, &Error{Kind: ErrInvalid, About: m.object.about, Reason: shorten(fmt.Sprintf("a zero byte in layer %q", l)), Fix: "list the layers with `torchlight layers`"}
		}
	}
	var p *cgo.Plan
	err := m.call(context.Background(), func(h *cgo.Module) (err error) {
		p, err = cgo.NewPlan(h, layers, options)
		return err
	})
	if err != nil {
		return nil, neverCalled(m.suggest(about(err, m.object.about)))
	}
	h := &Hook{object: object[*cgo.Plan]{h: p, about: "hook " + strings.Join(layers, ", ")}, module: m, layers: layers}
	doc, err := p.Describe()
	if err == nil {
		err = json.Unmarshal([]byte(doc), &h.plan)
	}
	if err != nil {
		p.Close()
		return nil, wrap(err, h.object.about)
	}
	return h, nil
}

// Layers are the addresses the hook was made for.
func (h *Hook) Layers() []string { return append([]string(nil), h.layers...) }

// Plan says how the layers are captured.
func (h *Hook) Plan() PlanInfo { return h.plan }

// Differentiable is an [ErrNoDerivative] where an operator behind the layers has
// no derivative: passes of the hook run and re-run, without gradients.
func (h *Hook) Differentiable() error {
	return about(h.use((*cgo.Plan).Differentiable), h.module.object.about)
}

// Forward runs a batch up to and through the model's end. Floating-point inputs
// are converted to the model's type and device.
//
// The first pass of a hook also runs the plain forward method and compares, so
// it takes longer; a difference is [ErrAliasing]. Other errors: [ErrInvalid],
// [ErrModel], and for a layer in a branch or loop, which only the run can judge,
// [ErrLayerNotCalled], [ErrLayerAmbiguous], [ErrLayerNotTensor].
func (h *Hook) Forward(ctx context.Context, inputs ...*Tensor) (*Pass, error) {
	shapes, rows := tensorShapes(inputs)
	if err := h.cost.refuse(h.module.options, h.module.object.about, shapes, rows); err != nil {
		return nil, err
	}
	var p *cgo.Pass
	err := h.cost.meter(ctx, h.object.about, shapes, rows, func() error {
		return h.use(func(plan *cgo.Plan) error {
			return withHandles(inputs, func(in []*cgo.Tensor) (err error) {
				p, err = plan.Forward(in)
				return err
			})
		})
	})
	if err != nil {
		return nil, h.module.refused(about(err, h.module.object.about), inputs)
	}
	pass, err := newPass(ctx, p, h)
	if err == nil {
		pass.shapes, pass.rows = shapes, rows
	}
	return pass, err
}

// Bytes is the host memory that tensors of a pass over n samples take at its peak,
// forward and backward, besides the weights: in proportion to the largest batch of
// samples of the same shapes (of every input, without the first axis) that ran, and
// half as much again for larger ones, which is an upper bound. It is 0 before the second pass: the first one
// compares with the plain forward method.
func (h *Hook) Bytes(n int, sample ...[]int) int64 {
	return h.cost.largest(rowShapes(sample...)).of(n)
}

// Close frees the hook. Passes that were made from it stay usable.
func (h *Hook) Close() error {
	if h == nil {
		return nil
	}
	return h.close()
}
