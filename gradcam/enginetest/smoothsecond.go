package enginetest

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

var _ engine.SecondOrder = (*smoothPass)(nil)

// SecondOrder differentiates the backward pass along v: a step v_z of z also moves
// h, by (1 - h^2) v_z. Directions along the inputs are not known to it.
func (p *smoothPass) SecondOrder(ctx context.Context, cotangents []engine.Cotangent, v []engine.Array) ([]engine.Array, []engine.Output, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s := p.plan.net
	hv, jv := make([]engine.Array, len(v)), engine.NewArray(p.h.Shape[0], s.Classes)
	for k, l := range p.layers {
		if s.inputOf(l) >= 0 {
			return nil, nil, fmt.Errorf("layer %s: the second derivative is that of linear and hidden", l)
		}
		hv[k] = engine.NewArray(v[k].Shape...)
	}
	for n := range p.h.Shape[0] {
		for i, x := range p.h.Row(n).Data {
			h, g, along, step := float64(x), 0.0, 0.0, 0.0 // dy/dh/(1+h), v_z and dh
			for c, w := range cotangents[0].Array.Row(n).Data {
				g += float64(w) * s.v(c, i)
			}
			for k, l := range p.layers {
				if l == "linear" {
					along += float64(v[k].Row(n).Data[i])
				} else {
					step += float64(v[k].Row(n).Data[i])
				}
			}
			step += (1 - h*h) * along
			for k, l := range p.layers {
				d := g * step
				if l == "linear" {
					d = d*(1-h*h) - g*(1+h)*2*h*step
				}
				hv[k].Row(n).Data[i] = float32(d)
			}
			for c := range s.Classes {
				jv.Row(n).Data[c] += float32(s.v(c, i) * (1 + h) * step)
			}
		}
	}
	s.secondOrders.Add(1)
	return hv, []engine.Output{{Array: jv}}, nil
}
