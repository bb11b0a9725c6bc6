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
	hint := nearest.Hint(name, labels)
	if hint == "" {
		hint = "; give one of the model's labels, or a class by its index"
	}
	return 0, markf(ErrTarget, "label %q: no class has it%s", name, hint)
}

// checkLabels warns, once, of labels that are those of other classes. One output
// stands for two classes.
func (e *Explainer) checkLabels(y Sample) {
	classes, _, _, _ := y.axes()
	if len(e.labels) == 0 || classes == 1 || classes == len(e.labels) {
		return
	}
	e.mislabelled.Do(func() {
		e.log.Warn(fmt.Sprintf("%d labels for %d classes, so names may be those of other classes; give one label a class", len(e.labels), classes))
	})
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
