package torch

import (
	"context"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// Biases lists the additive terms of the whole network, whatever the hook's
// layers: every convolution that has a bias, and every batch norm, whose term is
// beta - mean*gamma/sqrt(var+eps), with one value a channel. The addresses are
// those of nodes, as [Module.Hook] takes them: a hook on all of them gives the
// gradient at every bias. Nodes in branches and loops have no address and are
// left out, and so is what freezing has folded into another operator.
func (h *Hook) Biases(ctx context.Context) ([]engine.Bias, error) {
	var out Values
	err := h.call(ctx, func(p *cgo.Plan) error {
		named, err := p.Biases()
		out = values(named)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer out.Close()
	biases := make([]engine.Bias, len(out))
	for i, v := range out {
		f, err := v.Tensor.Float32s()
		if err != nil {
			return nil, err
		}
		biases[i] = engine.Bias{Layer: v.Name, Values: f}
	}
	return biases, nil
}
