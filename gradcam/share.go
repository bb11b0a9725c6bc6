package gradcam

import (
	"errors"
	"fmt"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
)

// share is a part of a batch: some samples in a row, with a target each.
type share struct {
	inputs  []engine.Array
	targets []Target
	n       int
	first   int // its first sample's index in the batch
}

// newShare is a whole batch; targets is one for all samples, or one each.
func (e *Explainer) newShare(inputs []engine.Array, targets []Target) (share, error) {
	n, err := checkInputs(inputs)
	if err != nil {
		return share{}, err
	}
	if err := e.checkExplained(inputs); err != nil {
		return share{}, err
	}
	each, err := perSample(targets, n)
	return share{inputs: inputs, targets: each, n: n}, err
}

// split cuts the share into as many parts, whose sizes differ by at most one; empty
// ones are left out. Parts share its memory.
func (s share) split(parts int) []share {
	var all []share
	for i := range parts {
		from, to := i*s.n/parts, (i+1)*s.n/parts
		if from == to {
			continue
		}
		p := share{targets: s.targets[from:to], n: to - from, first: s.first + from}
		for _, a := range s.inputs {
			p.inputs = append(p.inputs, between(a, from, to))
		}
		all = append(all, p)
	}
	return all
}

// between are the items of the first axis from one up to another.
func between(a engine.Array, from, to int) engine.Array {
	size := engine.Size(a.Shape[1:])
	r := engine.Array{Shape: append([]int{to - from}, a.Shape[1:]...)}
	if a.Ints != nil {
		r.Ints = a.Ints[from*size : to*size]
	} else {
		r.Data = a.Data[from*size : to*size]
	}
	return r
}

// values is how many numbers one sample has.
func (s share) values() int {
	total := 0
	for _, a := range s.inputs {
		total += engine.Size(a.Shape[1:])
	}
	return total
}

// shapes are those of one sample's inputs, "[3 224 224]".
func (s share) shapes() string {
	words := make([]string, len(s.inputs))
	for i, a := range s.inputs {
		words[i] = fmt.Sprint(a.Shape[1:])
	}
	return strings.Join(words, ", ")
}

// blame gives the sample that an error is about its index in the whole batch.
func (s share) blame(err error) error {
	var sample *SampleError
	if s.first == 0 || !errors.As(err, &sample) {
		return err
	}
	return &SampleError{Sample: s.first + sample.Sample, Err: sample.Err}
}

// join puts the results of parts, by method and sample, together in their order.
// Timings are the sums: the parts ran one after the other, or beside each other.
func join(parts [][][]Result) [][]Result {
	all := make([][]Result, len(parts[0]))
	for m := range all {
		var sum Timings
		for _, p := range parts {
			all[m] = append(all[m], p[m]...)
			sum.add(p[m][0].Timings)
		}
		for i := range all[m] {
			all[m][i].Sample, all[m][i].Timings = i, sum
		}
	}
	return all
}

func (t *Timings) add(o Timings) {
	t.Choose += o.Choose
	t.Forward += o.Forward
	t.Backward += o.Backward
	t.Method += o.Method
	t.Total += o.Total
}
