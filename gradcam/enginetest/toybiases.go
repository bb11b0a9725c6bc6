package enginetest

import (
	"context"

	"github.com/torchlight-go/torchlight/engine"
)

var _ engine.Biases = (*toyPlan)(nil)

// Biases are the convolution's: the linear layer has none.
func (p *toyPlan) Biases(ctx context.Context) ([]engine.Bias, error) {
	return []engine.Bias{{Layer: "conv1", Values: []float32{-50, -75}}}, ctx.Err()
}
