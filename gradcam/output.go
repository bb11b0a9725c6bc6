package gradcam

import (
	"strings"

	"github.com/torchlight-go/torchlight/engine"
)

// chooseOutput finds the tensor to explain: the one of that name if a name is
// given, else the only one, else "out" or "logits" of a dict, else the first
// float tensor of a tuple.
func chooseOutput(outputs []engine.Output, name string) (int, error) {
	i, err := findOutput(outputs, name)
	if err != nil {
		return 0, err
	}
	if a := outputs[i].Array; a.Ints != nil || a.Data == nil {
		return 0, markf(ErrOutput, "%s holds integers, which have no gradient: does the model end in argmax? export it without, or name another output%s",
			outputName(outputs[i].Name), others(outputs))
	}
	return i, nil
}

func findOutput(outputs []engine.Output, name string) (int, error) {
	if name != "" {
		for i, o := range outputs {
			if o.Name == name {
				return i, nil
			}
		}
		return 0, markf(ErrOutput, "the model has no output %q: it has %s", name, outputNames(outputs))
	}
	if len(outputs) == 0 {
		return 0, markf(ErrOutput, "the model returned no tensor")
	}
	if len(outputs) == 1 {
		return 0, nil
	}
	for _, usual := range []string{"", "out", "logits"} {
		for i, o := range outputs {
			if o.Name == usual {
				return i, nil
			}
		}
	}
	for i, o := range outputs {
		if number(o.Name) && o.Array.Ints == nil {
			return i, nil
		}
	}
	return 0, markf(ErrOutput, "the model has several outputs: name one of %s", outputNames(outputs))
}

// others names the float outputs that could be explained instead.
func others(outputs []engine.Output) string {
	var float []engine.Output
	for _, o := range outputs {
		if o.Array.Ints == nil {
			float = append(float, o)
		}
	}
	if len(float) == 0 {
		return ""
	}
	return ": " + outputNames(float)
}

func outputName(name string) string {
	if name == "" {
		return "the output"
	}
	return "output " + name
}

func outputNames(outputs []engine.Output) string {
	if len(outputs) == 0 {
		return "none"
	}
	names := make([]string, len(outputs))
	for i, o := range outputs {
		names[i] = `"` + o.Name + `"`
	}
	return strings.Join(names, ", ")
}

// samples splits an output by its batch axis, after checking that it has one
// and that every number is finite.
func samples(o engine.Output, n int, kind OutputKind) ([]Sample, error) {
	if len(o.Array.Shape) == 0 || o.Array.Shape[0] != n {
		return nil, markf(ErrOutput, "%s has shape %v for a batch of %d: its first axis must be the batch", outputName(o.Name), o.Array.Shape, n)
	}
	if err := o.Array.Check(); err != nil {
		return nil, err
	}
	if o.Array.Len() == 0 {
		return nil, markf(ErrOutput, "%s is empty: its shape is %v", outputName(o.Name), o.Array.Shape)
	}
	rows := make([]Sample, n)
	for i := range rows {
		rows[i] = Sample{Output: o.Array.Row(i), Kind: kind}
		if err := finite(rows[i].Output, outputName(o.Name)); err != nil {
			return nil, &SampleError{i, err}
		}
	}
	return rows, nil
}
