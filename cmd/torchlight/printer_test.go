package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/internal/explain"
)

// cat is the record of a photo, explained for class 285 by default.
func cat(change func(*explain.Record)) explain.Record {
	index, p := 285, 0.7166
	r := explain.Record{
		Input: "cat.png", Samples: 1, Layer: "conv", LayerChoice: "model card",
		Target: explain.Target{Asked: "top1", Explained: "285", Index: &index, Label: "Egyptian cat", Score: 18.8495, Probability: &p},
		Top:    []explain.Class{{Index: 285, Label: "Egyptian cat", Probability: p}, {Index: 281, Label: "tabby", Probability: 0.1}},
		Files:  []string{"out/cat.overlay.png", "out/cat.json"},
	}
	if change != nil {
		change(&r)
	}
	return r
}

func TestDescribe(t *testing.T) {
	for want, change := range map[string]func(*explain.Record){
		"cat.png: Egyptian cat 0.717 -> out/cat.overlay.png":                       nil,
		"cat.png: class 285 0.717 -> out/cat.overlay.png":                          func(r *explain.Record) { r.Target.Label = "" },
		"cat.png[2]: Egyptian cat 0.717 -> out/cat.overlay.png":                    func(r *explain.Record) { r.Sample, r.Samples = 2, 3 },
		"cat.png: Egyptian cat 0.717, and not tabby 0.100 -> out/cat.overlay.png":  func(r *explain.Record) { r.Top = r.Top[1:] },
		"cat.png: margin:285-281 18.85, Egyptian cat 0.717 -> out/cat.overlay.png": func(r *explain.Record) { r.Target.Explained = "margin:285-281" },
		"cat.png: edges 18.85 -> out/cat.overlay.png":                              func(r *explain.Record) { r.Target.Explained, r.Target.Index = "edges", nil },
	} {
		assert.Equal(t, want, describe(cat(change)))
	}
}

func TestPrinter(t *testing.T) {
	var out, err bytes.Buffer
	p := newPrinter(&out, &err, 100, false) // a buffer is no terminal: no bar
	p.Explained([]explain.Record{cat(nil), cat(func(r *explain.Record) { r.Reason = "zero-gradient" })})
	p.Explained([]explain.Record{cat(func(r *explain.Record) { r.Method = "gradcam" }), cat(func(r *explain.Record) { r.Reason, r.Method = "constant", "seed" })})
	p.Failed("dog.png", errors.New("preprocess: dog.png: the file is empty"))
	p.logger().Warn("layer is ignored", "layer", "conv")
	p.logger().Info("nobody needs to know")
	p.finish(explain.Summary{Explained: 1, Failed: 1}, "out")
	assert.Equal(t, "cat.png: Egyptian cat 0.717 -> out/cat.overlay.png\ncat.png: Egyptian cat 0.717 -> out/cat.overlay.png\ncat.png: Egyptian cat 0.717 -> out/cat.overlay.png\ncat.png: Egyptian cat 0.717 -> out/cat.overlay.png\n", out.String())
	assert.Equal(t, "torchlight: cat.png: the map is blank (zero-gradient): the score does not depend on conv; choose another layer or target\n"+
		"torchlight: cat.png by seed: the map is blank (constant): the raw map has no contrast; choose a larger layer\n"+
		"torchlight: dog.png: the file is empty\ntorchlight: layer is ignored (layer conv)\n", err.String())
}

func TestTheChoiceOfALayerIsToldOnce(t *testing.T) {
	var out, err bytes.Buffer
	p := newPrinter(&out, &err, 3, true)
	chosen := func(layer string) []explain.Record {
		return []explain.Record{cat(func(r *explain.Record) { r.Layer, r.LayerChoice = layer, layer+" is the last" })}
	}
	p.Explained(chosen("a"))
	p.Explained(chosen("a"))
	p.Explained(chosen("b"))
	assert.Equal(t, "torchlight: no layer named: a is the last\ntorchlight: no layer named: b is the last\n", err.String())
	assert.Equal(t, 3, bytes.Count(out.Bytes(), []byte("\n")))
	assert.Contains(t, out.String(), `{"input":"cat.png","sample":0,"samples":1,`)
}
