package torch

import (
	"fmt"

	"github.com/torchlight-go/torchlight/cgo"
)

// WithPrecision computes what needs no gradient in another element type: the
// network up to the hooked layer, and [Module.PredictTensors]. The layer's value and
// all that reaches the tail past it are float32 again, and so is the tail with its
// gradients. t is [Float16], on a GPU, or [BFloat16], there or on a CPU that
// multiplies them; [Float32] is the default. The model must be a float32 one, and
// [Module.Forward] runs it as the file has it.
//
// bfloat16 has 8 bits of mantissa: docs/gpu.md shows what maps lose and what time
// is won, and `torchlight precision` measures both for a model.
func WithPrecision(t DType) Option { return func(o *options) { o.precision = t } }

// WithChannelsLast says whether values of four axes lie channels-last in the
// network up to the hooked layer and in [Module.PredictTensors]: the order that
// tensor cores, and a CPU's bfloat16 instructions, multiply in. By default they do
// under [WithPrecision], and on a GPU under [AllowTF32]. An operator that goes by how a
// value lies in memory, as view does, gets it in the usual order, and a network where
// that cannot be runs in that order throughout. The values are the same up to
// rounding.
func WithChannelsLast(on bool) Option { return func(o *options) { o.channelsLast = &on } }

// PrecisionName is the type that the network runs in up to a hooked layer.
func (m *Module) PrecisionName() string {
	if m.options.precision != 0 {
		return m.options.precision.String()
	}
	return m.DTypeName()
}

// checkPrecision refuses what would not run, or more slowly than float32.
func (o options) checkPrecision(name string) error {
	fail := func(reason, fix string) error {
		return &Error{Kind: ErrInvalid, About: name, Reason: reason, Fix: fix}
	}
	switch o.precision {
	case 0, Float32, BFloat16:
		return nil
	case Float16:
		if !o.device.IsCUDA() {
			return fail("on a CPU float16 is many times slower than float32", "use bfloat16 there")
		}
		return nil
	}
	return fail(fmt.Sprintf("a network does not run in %v", o.precision), "use torch.Float32, torch.BFloat16 or torch.Float16")
}

// setForm tells the C side before the module is used.
func (o options) setForm(h *cgo.Module) error {
	dtype := cgo.OwnType
	if o.precision != 0 {
		dtype = cgo.DType(o.precision)
	}
	reduced := o.precision == Float16 || o.precision == BFloat16
	last := reduced || o.device.IsCUDA() && tf32Allowed()
	if o.channelsLast != nil {
		last = *o.channelsLast
	}
	if dtype == cgo.OwnType && !last {
		return nil
	}
	return h.SetForm(dtype, last)
}

func tf32Allowed() bool {
	on, err := cgo.TF32Allowed()
	return err == nil && on
}
