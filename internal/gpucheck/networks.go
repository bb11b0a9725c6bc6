package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/npy"
	"github.com/torchlight-go/torchlight/torch"
)

// small is a network of testdata/models, one a sharp edge of cutting a graph, with
// the values that eager Python computes on the CPU.
type small struct {
	Name, DType string
	Tolerance   float64
	Files       map[string]string
	Inputs      []string
	Target      *struct{ Output, Cotangent string }
	Layers      []struct {
		Layer, Activation, Gradient, Refused string
		Either                               bool
	}
}

// networks explains every layer of the small networks on the device.
func (c *check) networks(ctx context.Context) (table, error) {
	t := table{header: []string{"network", "layers", "largest difference", "verdict"}}
	folder := filepath.Join(c.models, "networks")
	doc, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		return t, err
	}
	var manifest struct{ Cases []small }
	if err := json.Unmarshal(doc, &manifest); err != nil {
		return t, err
	}
	layers, passed := 0, 0
	var failed error
	for _, s := range manifest.Cases {
		if s.Target == nil || s.Files["script"] == "" {
			continue
		}
		n, worst, err := s.check(ctx, folder, c.device)
		if errors.Is(err, torch.ErrSamplesInteract) {
			continue // refused everywhere
		}
		layers += n
		switch {
		case err != nil:
			t.add(s.Name, n, "-", err)
			failed = errors.New("see the table")
		case worst > max(s.Tolerance, 1e-4):
			t.add(s.Name, n, worst, "differs")
			failed = errors.New("see the table")
		default:
			passed++
		}
	}
	if layers == 0 {
		return t, errors.New("no layer was explained")
	}
	t.note = fmt.Sprintf("%d networks with %d layers have Python's activations and gradients of the CPU; those that have not:", passed, layers)
	if failed == nil {
		t.note = fmt.Sprintf("All %d networks, with %d layers, have Python's activations and gradients of the CPU.", passed, layers)
	}
	return t, failed
}

// check explains the layers that can be, thrice each, and returns their number and
// the largest difference.
func (s small) check(ctx context.Context, folder string, d torch.Device) (layers int, worst float64, err error) {
	m, err := torch.Load(filepath.Join(folder, s.Files["script"]), torch.OnDevice(d))
	if err != nil {
		return 0, 0, err
	}
	defer m.Close()
	read := func(file string) (a engine.Array) {
		if err == nil {
			a, err = npy.ReadFile(filepath.Join(folder, file))
		}
		return a
	}
	var inputs []engine.Array
	for _, f := range s.Inputs {
		inputs = append(inputs, read(f))
	}
	cotangents := []engine.Cotangent{{Output: s.Target.Output, Array: read(s.Target.Cotangent)}}
	for _, l := range s.Layers {
		if l.Activation == "" || l.Gradient == "" || l.Refused != "" || l.Either {
			continue
		}
		activation, gradient := read(l.Activation), read(l.Gradient)
		if err != nil {
			return layers, worst, err
		}
		layers++
		for range 3 {
			a, g, err := explainOnce(ctx, m, l.Layer, inputs, cotangents)
			if err != nil {
				return layers, worst, fmt.Errorf("%s: %w", l.Layer, err)
			}
			worst = max(worst, apart(activation.Data, a.Data), apart(gradient.Data, g.Data))
		}
	}
	return layers, worst, nil
}

func explainOnce(ctx context.Context, m engine.Model, layer string, inputs []engine.Array, cotangents []engine.Cotangent) (a, g engine.Array, err error) {
	plan, err := m.Plan(ctx, engine.Spec{Layers: []string{layer}})
	if err != nil {
		return a, g, err
	}
	defer plan.Close()
	pass, err := plan.Forward(ctx, inputs)
	if err != nil {
		return a, g, err
	}
	defer pass.Close()
	gradients, err := pass.Backward(ctx, cotangents)
	if err != nil {
		return a, g, err
	}
	return pass.Activations()[0], gradients[0], nil
}
