package torch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/nearest"
)

// Module is a loaded TorchScript file, in evaluation mode, with parameters that
// take no gradient. It is safe for concurrent use and implements [engine.Model].
type Module struct {
	object[*cgo.Module]
	options options
	info    moduleInfo
	samples independence
	cost    footprint // of predictions
}

type moduleInfo struct {
	DType      string      `json:"dtype"`
	Frozen     bool        `json:"frozen"`
	Inputs     []string    `json:"inputs"`
	Modules    []Submodule `json:"modules"`
	Parameters int         `json:"parameters"`
	Bytes      int         `json:"bytes"`
}

// Submodule is a member of the module tree.
type Submodule struct {
	Path string `json:"path"` // "layer4.0.conv1"
	Type string `json:"type"` // Python class, "Conv2d"
}

// Submodules lists the module tree, outer before inner, in order of definition.
func (m *Module) Submodules() []Submodule { return append([]Submodule(nil), m.info.Modules...) }

// Frozen reports whether the file has lost its submodules to freezing, so that
// only nodes ("#conv2d:-1") can be addressed.
func (m *Module) Frozen() bool { return m.info.Frozen }

// Inputs are the names of the forward method's arguments.
func (m *Module) Inputs() []string { return append([]string(nil), m.info.Inputs...) }

// Parameters is the number of parameters and the bytes they take; 0 for frozen
// files, whose parameters have become constants.
func (m *Module) Parameters() (count, bytes int) { return m.info.Parameters, m.info.Bytes }

// DTypeName is the type that floating-point inputs are converted to, that of the
// first floating-point parameter.
func (m *Module) DTypeName() string { return dtypeName(m.info.DType) }

// Device is where the model runs.
func (m *Module) Device() Device { return m.options.device }

// Forward runs the forward method as the file has it. Floating-point inputs are
// converted to the model's type and device. The results are the caller's to close.
//
// Errors: [ErrInvalid] for a wrong number of inputs, [ErrModel] when the model
// refuses them.
func (m *Module) Forward(ctx context.Context, inputs ...*Tensor) (Values, error) {
	var out []cgo.Named
	err := m.call(ctx, func(h *cgo.Module) error {
		return withHandles(inputs, func(in []*cgo.Tensor) (err error) {
			out, err = h.Forward(in)
			return err
		})
	})
	if err != nil {
		return nil, m.refused(err, inputs)
	}
	return values(out), nil
}

// PredictTensors is [Module.Forward] on the frozen and fused model: the same
// values up to rounding, faster. The first call compiles it.
func (m *Module) PredictTensors(ctx context.Context, inputs ...*Tensor) (Values, error) {
	shapes, rows := tensorShapes(inputs)
	if err := m.cost.refuse(m.options, m.object.about, shapes, rows); err != nil {
		return nil, err
	}
	var out []cgo.Named
	err := m.cost.meter(ctx, m.object.about, shapes, rows, func() error {
		return m.use(func(h *cgo.Module) error {
			return withHandles(inputs, func(in []*cgo.Tensor) (err error) {
				out, err = h.Predict(in)
				return err
			})
		})
	})
	if err != nil {
		return nil, m.refused(about(err, m.object.about), inputs)
	}
	return values(out), nil
}

// Close frees the model. Hooks that were made from it stay usable.
func (m *Module) Close() error {
	if m == nil {
		return nil
	}
	return m.close()
}

// Predict implements [engine.Model]. Where samples of a batch affect each other,
// each runs alone.
func (m *Module) Predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	if samplesOf(inputs) > 1 && m.samples.interact.Load() {
		return m.predictRows(ctx, inputs)
	}
	m.cost.probe(m.options, inputs, func(one []engine.Array) error {
		_, err := m.predict(ctx, one)
		return err
	})
	out, err := m.predict(ctx, inputs)
	if err != nil {
		return nil, err
	}
	err = m.checkSamples(ctx, inputs, arraysOf(out), func(row []engine.Array) ([]engine.Array, error) {
		one, err := m.predict(ctx, row)
		return arraysOf(one), err
	})
	if errors.Is(err, ErrSamplesInteract) {
		return m.predictRows(ctx, inputs)
	}
	return out, err
}

func (m *Module) predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	var out []engine.Output
	err := withArrays(inputs, func(in []*Tensor) error {
		v, err := m.PredictTensors(ctx, in...)
		if err != nil {
			return err
		}
		defer v.Close()
		out, err = outputs(v)
		return err
	})
	return out, err
}

// Calls implements [engine.Model]: it runs the model once and lists the calls of
// its submodules in the order in which they return. For a frozen file the nodes
// of the graph are listed, under their addresses.
func (m *Module) Calls(ctx context.Context, inputs []engine.Array) ([]engine.Call, error) {
	var doc string
	err := withArrays(inputs, func(in []*Tensor) error {
		err := m.call(ctx, func(h *cgo.Module) error {
			return withHandles(in, func(hs []*cgo.Tensor) (err error) {
				doc, err = h.Calls(hs)
				return err
			})
		})
		return m.refused(err, in)
	})
	if err != nil {
		return nil, err
	}
	var list struct{ Calls []engine.Call }
	if err := json.Unmarshal([]byte(doc), &list); err != nil {
		return nil, fmt.Errorf("torch: %s: list of calls: %w", m.object.about, err)
	}
	for _, c := range list.Calls {
		for i := range c.Elements {
			c.Elements[i].DType = dtypeName(c.Elements[i].DType)
		}
	}
	return list.Calls, nil
}

// suggest adds the nearest names to an error about an unknown layer.
func (m *Module) suggest(err error) error {
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrUnknownLayer) || e.Fix != "" {
		return err
	}
	paths := make([]string, len(m.info.Modules))
	for i, s := range m.info.Modules {
		paths[i] = s.Path
	}
	wanted := strings.TrimPrefix(e.Reason, "no submodule ")
	if near := nearest.Names(wanted, paths, 3); len(near) > 0 {
		e.Fix = "did you mean " + strings.Join(near, ", ") + "?"
	} else {
		e.Fix = "list them with `torchlight layers`"
	}
	return e
}

// withArrays runs f with the arrays as tensors.
func withArrays(arrays []engine.Array, f func([]*Tensor) error) error {
	return withCopies(arrays, fromArray, f)
}

// withCopies runs f with the tensors that from makes, and closes them.
func withCopies(arrays []engine.Array, from func(engine.Array) (*Tensor, error), f func([]*Tensor) error) error {
	tensors := make([]*Tensor, len(arrays))
	defer func() {
		for _, t := range tensors {
			_ = t.Close()
		}
	}()
	for i, a := range arrays {
		t, err := from(a)
		if err != nil {
			return err
		}
		tensors[i] = t
	}
	return f(tensors)
}

func outputs(v Values) ([]engine.Output, error) {
	out := make([]engine.Output, len(v))
	for i, x := range v {
		a, err := x.Tensor.toArray()
		if err != nil {
			return nil, err
		}
		out[i] = engine.Output{Name: x.Name, Array: a}
	}
	return out, nil
}
