package gradcam

import (
	"fmt"
	"strings"

	"github.com/torchlight-go/torchlight/internal/nearest"
)

// labelIndex finds the class of a name: the same spelling first, then any
// letter case. A name that several classes have (ImageNet has two "crane") is
// an error that lists them.
func labelIndex(name string, labels []string) (int, error) {
	if len(labels) == 0 {
		return 0, markf(ErrTarget, "label %q: the model has no labels: give the class by its index, or labels in the model card", name)
	}
	for _, same := range []func(string) bool{
		func(l string) bool { return l == name },
		func(l string) bool { return strings.EqualFold(l, name) },
	} {
		var found []int
		for i, l := range labels {
			if same(l) {
				found = append(found, i)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return 0, markf(ErrTarget, "label %q: classes %s have it: give one by its index", name, list(found))
		}
	}
	return 0, markf(ErrTarget, "label %q: no class has it%s", name, nearest.Hint(name, labels))
}

// label is the name of class i, or "".
func label(labels []string, i int) string {
	if i < 0 || i >= len(labels) {
		return ""
	}
	return labels[i]
}

// list joins values with commas.
func list[T any](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}
