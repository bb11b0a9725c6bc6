package exchange

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/torchlight-go/torchlight/torch"
	"github.com/wangkuiyi/gotorch"
)

var errClosed = errors.New("exchange: a gotorch tensor that was closed or never made")

// FromGotorch makes a tensor that shares the storage of t. Each side frees its
// own; whoever writes to t in place changes both.
func FromGotorch(t gotorch.Tensor) (*torch.Tensor, error) {
	if t.T == nil || *t.T == nil {
		return nil, errClosed
	}
	shared, err := torch.FromUnsafe(*t.T)
	runtime.KeepAlive(t.T) // gotorch frees the at::Tensor once t.T is unreachable
	if err != nil {
		return nil, fmt.Errorf("exchange: %w", err)
	}
	return shared, nil
}

// ToGotorch makes a gotorch tensor that shares the storage of t. gotorch frees
// it as it frees its own, by Close or when it is collected.
func ToGotorch(t *torch.Tensor) (gotorch.Tensor, error) {
	p, err := t.NewUnsafe()
	if err != nil {
		return gotorch.Tensor{}, fmt.Errorf("exchange: %w", err)
	}
	gotorch.SetTensorFinalizer(&p)
	return gotorch.Tensor{T: &p}, nil
}
