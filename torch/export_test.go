package torch

import (
	"io"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// What tests of package torch_test need of the inside.

// Inspect is the look at an archive before libtorch sees it.
func Inspect(r io.ReaderAt, size int64, name string, checksums bool) error {
	return inspect(r, size, name, checksums)
}

// Wrap turns an error of the C side into one of this package.
func Wrap(err error, about string) error { return wrap(err, about) }

// KindOf translates a code of the C side.
func KindOf(code cgo.Code) error {
	_, kind := kindOf(code)
	return kind
}

// PlanAlone is Plan for passes whose other rows run one by one.
func (m *Module) PlanAlone(spec engine.Spec) (engine.Plan, error) {
	h, err := m.hook(spec, true)
	return plan{h}, err
}

// Among refuses a GPU that is not one of n.
func Among(d Device, n int, name string) error { return d.among(n, name) }
