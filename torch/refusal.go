package torch

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What libtorch says when it cannot load a file or a model cannot run an input
// is true, but speaks of its own insides. Here it is said again in terms of what
// the caller gave.

// unreadable explains why libtorch could not load an archive that inspect found
// complete.
func unreadable(err error, name string) error {
	err = wrap(err, name)
	var e *Error
	if !errors.As(err, &e) || e.Trace == "" {
		return err
	}
	const again = "copy or export it again"
	switch {
	case errors.Is(e, ErrNewerFile):
		version := regexp.MustCompile(`with version (\d+), but the maximum supported version for reading is (\d+)`)
		if v := version.FindStringSubmatch(e.Trace); v != nil {
			e.Reason = fmt.Sprintf("file format version %s, and this libtorch reads up to %s", v[1], v[2])
		}
	case errors.Is(e, ErrUnknownOperator):
		e.Reason = strings.TrimSuffix(e.Reason, ".")
	case errors.Is(e, ErrNotTorchScript):
		e.Kind, e.Fix = ErrCorrupt, again
		if missing := regexp.MustCompile(`failed locating file (\S+):`).FindStringSubmatch(e.Trace); missing != nil {
			e.Reason = "the archive has no record " + missing[1]
		}
	case errors.Is(e, ErrModel): // nothing ran yet: the code itself cannot be compiled
		e.Kind, e.Fix = ErrCorrupt, again
		e.Reason = "its code cannot be read (" + strings.TrimSuffix(strings.TrimSpace(e.Reason), ":") + ")"
	}
	return e
}

// refused says what the model was given and what it may want instead.
func (m *Module) refused(err error, inputs []*Tensor) error {
	var e *Error
	if !errors.As(err, &e) || !errors.Is(e, ErrModel) {
		return err
	}
	given := make([]string, len(inputs))
	integers := false
	for i, t := range inputs {
		given[i] = fmt.Sprintf("%s%v", t.DType(), t.Shape())
		integers = integers || !t.DType().IsFloat()
	}
	reason := e.Reason
	e.Reason = "refused " + strings.Join(given, ", ") + ": " + reason
	switch {
	case strings.Contains(reason, "scalar types: Long, Int"):
		e.Fix = "give integers (int64), such as token ids"
	case integers && (strings.Contains(reason, "type") || strings.Contains(reason, "expects float")):
		e.Fix = "give floats; integers are not converted"
	case strings.Contains(reason, "is invalid for input of size"):
		e.Fix = "a trace has the shapes of its example baked in: use its batch and size, or export with torch.jit.script"
	case strings.Contains(reason, "channels"):
		e.Fix = "check the number of channels"
	default:
		e.Fix = "check the shape; a trace has the shapes of its example baked in"
	}
	return e
}
