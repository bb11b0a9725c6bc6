package gradcam

import (
	"fmt"

	"github.com/torchlight-go/torchlight/internal/nearest"
)

// Methods are all methods, with their default options, in the order in which
// they are shown.
func Methods() []Method {
	var all []Method
	for _, f := range formulas() {
		all = append(all, f.name)
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
