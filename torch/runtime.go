package torch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/torchlight-go/torchlight/cgo"
)

// Live counts the native objects that are alive.
type Live struct{ Tensors, Modules, Hooks, Passes int }

// Stats counts the tensors, modules, hooks and passes that have not been freed.
func Stats() Live {
	l := cgo.LiveCounts()
	return Live{Tensors: l.Tensors, Modules: l.Modules, Hooks: l.Plans, Passes: l.Passes}
}

// Info describes the libtorch in use.
type Info struct {
	Version   string   `json:"compiled"` // of the headers it was compiled against
	Libraries []string `json:"libraries"`
	Threads   int      `json:"threads"` // intra-op
	CPU       string   `json:"cpu"`     // instruction set in use
	Config    string   `json:"config"`  // build configuration
}

// Runtime describes the libtorch in use. It never touches CUDA.
func Runtime() (Info, error) {
	var info Info
	doc, err := cgo.RuntimeInfo()
	if err != nil {
		return info, wrap(err, "libtorch")
	}
	if err := json.Unmarshal([]byte(doc), &info); err != nil {
		return info, fmt.Errorf("torch: description of libtorch: %w", err)
	}
	return info, nil
}

// LoadOps loads a shared library that registers custom operators, which files
// loaded later may use. The library's code runs at once.
//
// Errors: fs.ErrNotExist, [ErrInvalid] for a file that cannot be loaded.
func LoadOps(path string) error {
	// A name without a slash would be looked for in the system's folders.
	full, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("torch: %w", err)
	}
	if _, err := os.Stat(full); errors.Is(err, fs.ErrNotExist) {
		return &Error{Kind: fs.ErrNotExist, About: path, Reason: "no such file", Fix: "check the path"}
	} else if err != nil {
		return fmt.Errorf("torch: %w", err)
	}
	err = wrap(cgo.LoadOps(full), path)
	var e *Error
	if errors.As(err, &e) {
		e.Fix = "build it as a shared library, against the same libtorch"
	}
	return err
}

// LibtorchVersion is the version of the libtorch headers that this program was
// compiled against, "" without cgo.
func LibtorchVersion() string {
	info, err := Runtime()
	if err != nil {
		return ""
	}
	return info.Version
}
