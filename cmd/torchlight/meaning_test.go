package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/internal/explain"
)

func TestMeaning(t *testing.T) {
	for _, c := range []struct {
		reason, method, layer, target string
		raw                           explain.Extremes
		want                          string
	}{
		{"zero-gradient", "gradcam", "conv", "285", explain.Extremes{}, "the score does not depend on conv; choose another layer or target"},
		{"zero-gradient", "guided-gradcam", "conv", "285", explain.Extremes{}, "the score does not depend on conv"},
		{"zero-gradient", "guided-backprop", "input", "285", explain.Extremes{}, "the rectifiers let no gradient through under the rule of guided-backprop; saliency tells"},
		{"zero-gradient", "deconvnet", "input", "285", explain.Extremes{}, "under the rule of deconvnet"},
		{"saturated-target", "gradcam", "conv", "prob:285", explain.Extremes{Max: 1e-9}, "explain the logit, --target N"},
		{"all-negative", "gradcam", "conv", "285", explain.Extremes{Min: -1}, "nothing in conv speaks for the target; --target neg:N shows"},
		{"all-negative", "gradcam", "conv", "neg:3", explain.Extremes{Min: -1}, "nothing in conv speaks against the class"},
		{"all-negative", "gradcam", "conv", "285", explain.Extremes{}, "the raw map is 0 everywhere; choose another layer or target"},
		{"all-negative", "fem", "conv", "285", explain.Extremes{Min: -1}, "no positive value, which by fem says nothing about the target"},
		{"all-negative", "randomcam", "conv", "285", explain.Extremes{Min: -1}, "by randomcam says nothing about the target"},
		{"constant", "eigencam", "conv", "285", explain.Extremes{}, "the raw map has no contrast; choose a larger layer"},
		{"constant", "occlusion", "input", "285", explain.Extremes{}, "no part of input counts more than another"},
	} {
		got := meaning(cat(func(r *explain.Record) {
			r.Reason, r.Method, r.Layer, r.Target.Explained, r.Raw = c.reason, c.method, c.layer, c.target, c.raw
		}))
		assert.Contains(t, got, c.want, "%s by %s", c.reason, c.method)
	}
}
