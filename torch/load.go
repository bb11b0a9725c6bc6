package torch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/torchlight-go/torchlight/cgo"
)

// Option changes how a model is loaded.
type Option func(*options)

type options struct {
	device       Device
	folding      bool
	checksums    bool
	pooling      *bool // nil: on a GPU
	precision    DType // 0: the model's own
	channelsLast *bool // nil: where it pays
	memory       int64 // a limit; 0: what the system has
}

// OnDevice loads the model onto a device; the default is [CPU].
func OnDevice(d Device) Option { return func(o *options) { o.device = d } }

// WithoutFolding leaves every operator of a hooked model as the file has it.
// Results are then bit for bit those of the plain forward pass, and slower; only
// code that asks whether gradients are on, as attention does, may round
// differently.
// By default batch norms are folded into convolutions, which changes rounding.
func WithoutFolding() Option { return func(o *options) { o.folding = false } }

// WithoutChecksums accepts archives whose checksums are wrong, such as those
// saved with compute_crc32=False. libtorch itself never looks at them.
func WithoutChecksums() Option { return func(o *options) { o.checksums = false } }

// WithMemoryLimit refuses, with [ErrOutOfMemory], batches that would take more host
// memory than that many bytes besides the weights, as far as earlier ones of the same
// shapes have shown: see [Hook.Bytes]. Without it, or with 0, batches larger than any
// before are refused where the machine or the control group has no room for them.
func WithMemoryLimit(bytes int64) Option { return func(o *options) { o.memory = bytes } }

func newOptions(opts []Option) options {
	o := options{folding: true, checksums: true}
	for _, f := range opts {
		f(&o)
	}
	return o
}

// check refuses options that cannot be.
func (o options) check(name string) error {
	if o.memory < 0 {
		return &Error{Kind: ErrInvalid, About: name, Reason: fmt.Sprintf("a memory limit of %d bytes", o.memory), Fix: "give 1 or more, or 0 for what the machine has"}
	}
	return o.checkPrecision(name)
}

// Load loads a TorchScript file, scripted, traced or frozen, in evaluation mode.
//
// Errors: fs.ErrNotExist, [ErrNotTorchScript], [ErrStateDict], [ErrCorrupt],
// [ErrNewerFile], [ErrUnknownOperator], [ErrNoDevice], [ErrCUDATooLate], [ErrInvalid]
// for an option that cannot be.
func Load(path string, opts ...Option) (*Module, error) {
	o := newOptions(opts)
	if err := checkFile(path, o.checksums); err != nil {
		return nil, err
	}
	if err := o.check(path); err != nil {
		return nil, err
	}
	if err := ready(o.device, path); err != nil {
		return nil, err
	}
	return newModule(path, o, func() (*cgo.Module, error) { return cgo.LoadFile(path, o.device.c()) })
}

// LoadReader loads a TorchScript file from r, which is read to its end.
// Errors are those of [Load]; name stands for the file in them.
func LoadReader(r io.Reader, name string, opts ...Option) (*Module, error) {
	o := newOptions(opts)
	if err := o.check(name); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("torch: %s: %w", name, err)
	}
	if err := inspect(bytes.NewReader(data), int64(len(data)), name, o.checksums); err != nil {
		return nil, err
	}
	if err := ready(o.device, name); err != nil {
		return nil, err
	}
	return newModule(name, o, func() (*cgo.Module, error) { return cgo.LoadBytes(data, o.device.c()) })
}

func checkFile(path string, checksums bool) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Kind: fs.ErrNotExist, About: path, Reason: "no such file", Fix: "check the path"}
	}
	if err != nil {
		return fmt.Errorf("torch: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("torch: %w", err)
	}
	if info.IsDir() {
		return &Error{Kind: ErrNotTorchScript, About: path, Reason: "a folder, not a file", Fix: "name the file in it"}
	}
	return inspect(f, info.Size(), path, checksums)
}

// ready makes sure that a GPU is there before libtorch is asked for it.
func ready(d Device, name string) error {
	if !d.cuda {
		return nil
	}
	if err := cgo.UseCUDA(); err != nil {
		return wrap(err, name+" on "+d.String())
	}
	n, err := cgo.CUDADeviceCount()
	if err != nil {
		return wrap(err, name+" on "+d.String())
	}
	return d.among(n, name)
}

func newModule(name string, o options, load func() (*cgo.Module, error)) (*Module, error) {
	var h *cgo.Module
	err := compute(context.Background(), name, func() (err error) {
		h, err = load()
		return err
	})
	if err != nil {
		return nil, unreadable(err, name)
	}
	m := &Module{object: object[*cgo.Module]{h: h, about: name}, options: o}
	err = o.setForm(h)
	var doc string
	if err == nil {
		doc, err = h.Info()
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &m.info)
	}
	if err != nil {
		h.Close()
		return nil, wrap(err, name)
	}
	return m, nil
}
