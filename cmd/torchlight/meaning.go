package main

import (
	"strings"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/explain"
)

// meaning explains a blank map, in the terms of its method.
func meaning(r explain.Record) string {
	var needs gradcam.Needs
	if m, err := gradcam.ByName(r.Method); err == nil {
		needs = m.Needs()
	}
	switch gradcam.Reason(r.Reason) {
	case gradcam.ZeroGradient:
		if needs.Relu != engine.ReluPlain && !needs.Layer {
			return "the rectifiers let no gradient through under the rule of " + r.Method + "; saliency tells whether the score depends on " + r.Layer
		}
		return "the score does not depend on " + r.Layer + "; choose another layer or target"
	case gradcam.SaturatedTarget:
		return "the probability is so close to 1 that its gradient is rounding noise; explain the logit, --target N"
	case gradcam.AllNegative:
		return withoutPositive(r, needs)
	}
	if !needs.Layer {
		return "no part of " + r.Layer + " counts more than another"
	}
	return "the raw map has no contrast; choose a larger layer"
}

// withoutPositive explains a raw map of which no value is above 0.
func withoutPositive(r explain.Record, needs gradcam.Needs) string {
	switch {
	case needs.Unsigned:
		return "the raw map has no positive value, which by " + r.Method + " says nothing about the target; choose another layer or method"
	case r.Raw == explain.Extremes{}:
		return "the raw map is 0 everywhere; choose another layer or target"
	case strings.HasPrefix(r.Target.Explained, "neg:"):
		return "nothing in " + r.Layer + " speaks against the class"
	}
	return "nothing in " + r.Layer + " speaks for the target; --target neg:N shows what speaks against it"
}
