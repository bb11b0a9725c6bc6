package torch

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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
	if integers && (strings.Contains(reason, "type") || strings.Contains(reason, "expects float")) && !raised(reason) {
		e.Fix = "give floats; integers are not converted"
	} else {
		e.Fix = remedy(reason, inputs)
	}
	return e
}

// remedy goes by the words of libtorch, which has one type of exception.
func remedy(reason string, inputs []*Tensor) string {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(reason, p) })
	}
	const batch = "pictures are a batch of shape (N,C,H,W): save one as (1,C,H,W)"
	single := len(inputs) > 0 && len(inputs[0].Shape()) == 3
	switch {
	case single && has("expected 4D input"): // BatchNorm2d's own check, if that is met first
		return batch
	case raised(reason):
		return "the model's own code raised it: give the input that it asks for"
	case has("scalar types: Long, Int"):
		return "give integers (int64), such as token ids"
	case has("requires grad", "require grad", "inplace operation", "leaf Variable", "backward"):
		return "choose another layer: this one's gradient cannot be taken"
	case has("is invalid for input of size"):
		return "a trace has the shapes of its example baked in: use its batch and size, or export with torch.jit.script"
	case single && has("4D", "3D", "3-d", "channels", "dimension"):
		return batch
	case has("channels"):
		return "check the number of channels"
	case has("shape", "size", "dim", "4D", "out of range"):
		return "check the shape; where the file is a trace, give its example's batch and size"
	}
	return "look at the input's type and values"
}

// raised says that the reason is an exception of the model's code, as in Python:
// "ValueError: too dark".
func raised(reason string) bool {
	return regexp.MustCompile(`^[A-Z]\w*(Error|Exception): `).MatchString(reason)
}

// neverCalled tells a layer that no input reaches, which the graph alone shows,
// from one in a branch that this input did not take.
func neverCalled(err error) error {
	var e *Error
	if !errors.As(err, &e) || !errors.Is(e, ErrLayerNotCalled) {
		return err
	}
	e.Kind, e.Fix = ErrLayerNeverCalled, "choose one that is, see `torchlight layers`"
	if calls := regexp.MustCompile(`layer (.*)@\d+: it is called (\d+) time`).FindStringSubmatch(e.Reason); calls != nil {
		n, _ := strconv.Atoi(calls[2]) // digits
		e.Fix = fmt.Sprintf("choose %s@0", calls[1])
		if n > 1 {
			e.Fix += fmt.Sprintf(" to %s@%d", calls[1], n-1)
		}
	}
	return err
}
