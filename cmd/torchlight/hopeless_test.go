package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/torch"
)

// What every input would end in ends the run: a GPU that failed among it. What a
// smaller batch or another input may escape does not.
func TestHopeless(t *testing.T) {
	for kind, want := range map[error]bool{
		torch.ErrDeviceLost: true, torch.ErrUnknownLayer: true, torch.ErrNoDerivative: true,
		torch.ErrOutOfMemory: false, torch.ErrModel: false, errors.New("another"): false,
	} {
		err := fmt.Errorf("gradcam: %w", &torch.Error{Kind: kind, About: "m.pt", Reason: "it failed"})
		assert.Equal(t, want, hopeless(err), "%v", kind)
	}
}
