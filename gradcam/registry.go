package gradcam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/internal/nearest"
)

// Family groups methods by what they compute from.
type Family string

// The families, in the order in which they are shown.
const (
	// ActivationMaps are formulas of a layer's activation and gradient.
	ActivationMaps Family = "activation maps"
	// GradientFree methods look at the activation alone, or try changed copies of
	// it or of the input.
	GradientFree Family = "gradient-free"
	// InputAttribution gives every number of the input its share.
	InputAttribution Family = "input attribution"
	// LayerAttribution gives every unit of a layer its share.
	LayerAttribution Family = "layer attribution"
	// Concepts find what recurs in an activation.
	Concepts Family = "concepts"
)

// Entry is a method as lists show it.
type Entry struct {
	// Method has its default options.
	Method Method
	Family Family
	// Summary is one line: what the method does, and its source.
	Summary string
}

// Catalogue lists all methods by family.
func Catalogue() []Entry {
	return slices.Concat(
		camEntries(), activationEntries(), trialEntries(), smoothedScoreEntries(), reciproEntries(), riseEntries(), occlusionEntries(),
		inputEntries(), subsetEntries(), layerEntries(), conceptEntries(),
	)
}

// Methods are all methods, with their default options, in the order in which
// they are shown.
func Methods() []Method {
	var all []Method
	for _, e := range Catalogue() {
		all = append(all, e.Method)
	}
	return all
}

// ByName finds a method by its [Method.Name].
func ByName(name string) (Method, error) {
	var names []string
	for _, m := range Methods() {
		if m.Name() == name {
			return m, nil
		}
		names = append(names, m.Name())
	}
	hint := nearest.Hint(name, names)
	if hint == "" {
		hint = ": give one of " + list(names)
	}
	return nil, fmt.Errorf("unknown method %q%s", name, hint)
}

// ByNames finds several methods by their names with commas between, "gradcam, rise",
// for [WithMethods]. A name that comes twice is an error.
func ByNames(names string) ([]Method, error) {
	var all []Method
	for _, name := range strings.Split(names, ",") {
		m, err := ByName(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(n Method) bool { return n.Name() == m.Name() }) {
			return nil, fmt.Errorf("method %s is named twice; name it once", m.Name())
		}
		all = append(all, m)
	}
	return all, nil
}
