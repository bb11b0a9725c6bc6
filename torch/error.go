package torch

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// Kinds of failure, for errors.Is.
var (
	// ErrClosed: a closed object was used.
	ErrClosed = errors.New("already closed")
	// ErrInvalid: an argument that no model could accept.
	ErrInvalid = errors.New("invalid argument")
	// ErrOutOfMemory: host or device memory is exhausted.
	ErrOutOfMemory = engine.ErrOutOfMemory
	// ErrNotTorchScript: the file is no TorchScript archive.
	ErrNotTorchScript = errors.New("not a TorchScript file")
	// ErrCorrupt: the file is a damaged archive.
	ErrCorrupt = errors.New("damaged file")
	// ErrStateDict: the file holds weights or a pickled object without code.
	ErrStateDict = errors.New("a pickle without code, not a TorchScript file")
	// ErrNewerFile: the file was written by a newer PyTorch.
	ErrNewerFile = errors.New("written by a newer PyTorch")
	// ErrUnknownOperator: the file uses an operator this libtorch lacks.
	ErrUnknownOperator = errors.New("unknown operator")
	// ErrModel: the model refused its input.
	ErrModel = errors.New("the model refused the input")
	// ErrUnknownLayer: no submodule or node of that name.
	ErrUnknownLayer = errors.New("unknown layer")
	// ErrLayerNotCalled: the forward pass does not call the layer.
	ErrLayerNotCalled = errors.New("layer not called")
	// ErrLayerNeverCalled: no input can make the forward pass call the layer; it is
	// an ErrLayerNotCalled.
	ErrLayerNeverCalled = fmt.Errorf("%w by any input", ErrLayerNotCalled)
	// ErrLayerAmbiguous: the layer is called several times and none was chosen.
	ErrLayerAmbiguous = errors.New("layer called more than once")
	// ErrLayerNotTensor: the layer does not return a floating-point tensor.
	ErrLayerNotTensor = engine.ErrNotFloat
	// ErrFrozen: a frozen file has nodes but no submodules.
	ErrFrozen = errors.New("frozen file")
	// ErrNoDerivative: an operator behind the layer has no derivative.
	ErrNoDerivative = engine.ErrNoDerivative
	// ErrAliasing: cutting there would change the model's output.
	ErrAliasing = errors.New("the cut would change the model")
	// ErrStateful: the output depends on the order of calls.
	ErrStateful = errors.New("the model keeps state between calls")
	// ErrTrainMode: the graph has training behaviour baked in.
	ErrTrainMode = errors.New("the model is in training mode")
	// ErrSamplesInteract: what a sample gives depends on the others of its batch.
	ErrSamplesInteract = errors.New("samples of a batch affect each other")
	// ErrNoDevice: the device does not exist or its library cannot be loaded.
	ErrNoDevice = errors.New("no such device")
	// ErrCUDATooLate: libtorch was used before CUDA was loaded.
	ErrCUDATooLate = errors.New("CUDA asked for too late")
	// ErrDeviceLost: the GPU failed in a way that CUDA does not recover from, so that
	// every later call of the process fails, too.
	ErrDeviceLost = errors.New("the GPU failed")
	// ErrInternal: a fault of libtorch or of this library.
	ErrInternal = errors.New("internal error")
)

// Error is a failure with its kind, what it is about and, where there is one, the
// way out. Its message is one line; %+v adds libtorch's own text.
type Error struct {
	Kind   error  // one of the Err values of this package
	About  string // the file, layer or input
	Reason string // what went wrong
	Fix    string // what to do, may be empty
	Trace  string // libtorch's own text, may be empty
}

func (e *Error) Error() string {
	s := "torch: "
	if e.About != "" {
		s += e.About + ": "
	}
	s += e.Reason
	if e.Fix != "" {
		s += "; " + e.Fix
	}
	return printable(s)
}

// printable makes one line of text that repeats what a file or a caller gave.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// Format adds the trace to %+v.
func (e *Error) Format(s fmt.State, verb rune) {
	fmt.Fprint(s, e.Error())
	if verb == 'v' && s.Flag('+') && e.Trace != "" {
		fmt.Fprint(s, "\n"+e.Trace)
	}
}

// kindOf translates a code of the C side, with the usual way out.
func kindOf(code cgo.Code) (fix string, kind error) {
	switch code {
	case cgo.Invalid:
		return "", ErrInvalid
	case cgo.OutOfMemory:
		return "use a smaller batch", ErrOutOfMemory
	case cgo.NotTorchScript:
		return "save it with torch.jit.save, or use scripts/export.py", ErrNotTorchScript
	case cgo.NewerFile:
		return "export the model with an older PyTorch, or use a newer libtorch", ErrNewerFile
	case cgo.UnknownOperator:
		return "load the library that registers it (torch.LoadOps, --ops)", ErrUnknownOperator
	case cgo.ModelRefused:
		return "", ErrModel
	case cgo.LayerUnknown:
		return "", ErrUnknownLayer
	case cgo.LayerNotCalled:
		return "choose a layer that this input reaches", ErrLayerNotCalled
	case cgo.LayerAmbiguous:
		return "", ErrLayerAmbiguous
	case cgo.LayerNotTensor:
		return "", ErrLayerNotTensor
	case cgo.Frozen:
		return "", ErrFrozen
	case cgo.NoDerivative:
		return "choose a layer behind that operator, or a method that needs no gradient", ErrNoDerivative
	case cgo.Aliasing:
		return "", ErrAliasing
	case cgo.Stateful:
		return "export a model whose forward method only reads its module", ErrStateful
	case cgo.TrainMode:
		return "", ErrTrainMode
	case cgo.NoDevice:
		return "use the CPU, or a libtorch with CUDA on a machine with a GPU", ErrNoDevice
	case cgo.CUDATooLate:
		return "call torch.UseCUDA() at the start of the program", ErrCUDATooLate
	case cgo.DeviceLost:
		return "restart the process: CUDA does not recover within it; if it happens again, look for the GPU with `nvidia-smi`", ErrDeviceLost
	default:
		return "", ErrInternal
	}
}

// wrap turns an error of the C side into one of this package.
func wrap(err error, about string) error {
	var c *cgo.Error
	if err == nil || !errors.As(err, &c) {
		if err != nil {
			return fmt.Errorf("torch: %s: %w", about, err)
		}
		return nil
	}
	fix, kind := kindOf(c.Code)
	e := &Error{Kind: kind, About: about, Reason: c.Message, Fix: fix, Trace: c.Trace}
	if short := shorten(e.Reason); short != e.Reason {
		if e.Trace == "" {
			e.Trace = e.Reason
		}
		e.Reason = short
	}
	return e
}

// shorten keeps the beginning of a reason that repeats what libtorch, a file or
// a caller said at length.
func shorten(reason string) string {
	const longest = 240 // bytes
	if len(reason) <= longest {
		return reason
	}
	return strings.ToValidUTF8(reason[:longest], "") + "..."
}

func closed(about string) error {
	return &Error{Kind: ErrClosed, About: about, Reason: "already closed"}
}
