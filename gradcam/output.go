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
		return 0, markf(ErrOutput, "%s holds integers, which have no gradient: does the model end in argmax? export it without%s",
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
		return 0, markf(ErrOutput, "the model has no output %q: %s", name, offeredOutputs(outputs))
	}
	if len(outputs) == 0 {
		return 0, markf(ErrOutput, "the model returned no tensor; export it so that it returns its scores")
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
	return ", or name another output: " + outputNames(float)
}

// offeredOutputs says what can be named.
func offeredOutputs(outputs []engine.Output) string {
	switch {
	case len(outputs) == 0:
		return "it returned no tensor; export it so that it returns its scores"
	case len(outputs) == 1 && outputs[0].Name == "":
		return "its only output has no name; name none"
	}
	return "it has " + outputNames(outputs)
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

// split chooses an output and splits it into samples.
func (e *Explainer) split(outputs []engine.Output, name string, n int) (int, []Sample, error) {
	i, err := chooseOutput(outputs, name)
	if err != nil {
		return 0, nil, err
	}
	ys, err := samples(outputs[i], n, e.kind)
	return i, ys, err
}

// samples splits an output by its batch axis, after checking that it has one
// and that every number is finite.
func samples(o engine.Output, n int, kind OutputKind) ([]Sample, error) {
	if len(o.Array.Shape) == 0 {
		return nil, markf(ErrOutput, "%s is one number for a batch of %d; export the model so that it returns scores for each sample", outputName(o.Name), n)
	}
	if o.Array.Shape[0] != n {
		return nil, markf(ErrOutput, "%s has shape %v for a batch of %d: its first axis must be the batch; a trace has the size of its example baked in: give that size, or export with torch.jit.script",
			outputName(o.Name), o.Array.Shape, n)
	}
	if err := o.Array.Check(); err != nil {
		return nil, err
	}
	if o.Array.Len() == 0 {
		return nil, markf(ErrOutput, "%s is empty: its shape is %v", outputName(o.Name), o.Array.Shape)
	}
	if err := finiteRows(o.Array, outputName(o.Name)); err != nil {
		return nil, err
	}
	rows := make([]Sample, n)
	for i := range rows {
		rows[i] = Sample{Output: o.Array.Row(i), Kind: kind}
	}
	return rows, nil
}
