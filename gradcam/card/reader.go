package card

import (
	"fmt"
	"math"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/torchlight-go/torchlight/internal/nearest"
)

// reader turns nodes of YAML into values. Its errors have the file, the line and
// the key.
type reader struct{ file string }

// field is one key of a mapping and what reads its value.
type field struct {
	key  string
	read func(*yaml.Node) error
}

func (r reader) errorf(n *yaml.Node, format string, args ...any) error {
	return &Error{r.file, n.Line, fmt.Sprintf(format, args...)}
}

// syntax is an error of the YAML parser, in one line.
func (r reader) syntax(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	return &Error{r.file, 0, "not YAML: " + strings.Join(strings.Fields(text), " ")}
}

// mapping reads a mapping that has no keys but these, each at most once.
func (r reader) mapping(n *yaml.Node, where string, fields []field) error {
	if err := r.want(n, yaml.MappingNode, where, "a mapping of keys to values"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f, ok := lookup(key, fields)
		if !ok {
			return r.errorf(key, "unknown key %s%s%s", clip(key.Value), in(where), nearest.Hint(key.Value, keys(fields)))
		}
		if seen[f.key] {
			return r.errorf(key, "key %q stands twice%s", f.key, in(where))
		}
		seen[f.key] = true
		if err := f.read(value); err != nil {
			return err
		}
	}
	return nil
}

func lookup(key *yaml.Node, fields []field) (field, bool) {
	for _, f := range fields {
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!str" && key.Value == f.key {
			return f, true
		}
	}
	return field{}, false
}

func keys(fields []field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.key
	}
	return names
}

// in says which section a key stands in.
func in(where string) string {
	if where == "" {
		return ""
	}
	return " in " + where
}

// clip quotes a value of the file for a message of one line.
func clip(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		s = string(runes[:40]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

// want checks what sort of node a value is.
func (r reader) want(n *yaml.Node, kind yaml.Kind, where, what string) error {
	if n.Kind == yaml.AliasNode {
		return r.errorf(n, "%s is an alias: write the value out", subject(where))
	}
	if n.Kind != kind {
		return r.errorf(n, "%s: want %s", subject(where), what)
	}
	return nil
}

func subject(where string) string {
	if where == "" {
		return "the card"
	}
	return where
}

// scalar checks the type of a single value, in YAML's names.
func (r reader) scalar(n *yaml.Node, where, what string, tags ...string) error {
	if err := r.want(n, yaml.ScalarNode, where, what); err != nil {
		return err
	}
	for _, t := range tags {
		if n.ShortTag() == t {
			return nil
		}
	}
	return r.errorf(n, "%s: %s is not %s", where, clip(n.Value), what)
}

func (r reader) text(n *yaml.Node, where string, s *string) error {
	if err := r.scalar(n, where, "a text: put it in quotes", "!!str"); err != nil {
		return err
	}
	*s = n.Value
	return nil
}

// name is a text that says something.
func (r reader) name(n *yaml.Node, where string, s *string) error {
	if err := r.text(n, where, s); err != nil {
		return err
	}
	if *s == "" {
		return r.errorf(n, "%s is empty: leave the key out or give a value", where)
	}
	return nil
}

func (r reader) texts(n *yaml.Node, where string, list *[]string) error {
	if err := r.list(n, where, "texts"); err != nil {
		return err
	}
	*list = make([]string, len(n.Content))
	for i, item := range n.Content {
		if err := r.text(item, fmt.Sprintf("%s, item %d", where, i), &(*list)[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) list(n *yaml.Node, where, of string) error {
	if err := r.want(n, yaml.SequenceNode, where, "a list of "+of); err != nil {
		return err
	}
	if len(n.Content) == 0 {
		return r.errorf(n, "%s is empty: leave the key out or give values", where)
	}
	return nil
}

// oneOf is one of a few words.
func oneOf[S ~string](r reader, n *yaml.Node, where string, s *S, words ...S) error {
	var choice []string
	for _, w := range words {
		choice = append(choice, string(w))
	}
	what := "one of " + strings.Join(choice, ", ")
	if err := r.scalar(n, where, what, "!!str"); err != nil {
		return err
	}
	for _, w := range words {
		if n.Value == string(w) {
			*s = w
			return nil
		}
	}
	return r.errorf(n, "%s: %s is not %s", where, clip(n.Value), what)
}

func (r reader) integer(n *yaml.Node, where string, low, high int, v *int) error {
	what := fmt.Sprintf("a whole number from %d to %d", low, high)
	if err := r.scalar(n, where, what, "!!int"); err != nil {
		return err
	}
	var got int64
	if err := n.Decode(&got); err != nil || got < int64(low) || got > int64(high) {
		return r.errorf(n, "%s: %s is not %s", where, clip(n.Value), what)
	}
	*v = int(got)
	return nil
}

// numbers is a list of up to three finite numbers.
func (r reader) numbers(n *yaml.Node, where string, list *[]float64) error {
	if err := r.list(n, where, "numbers"); err != nil {
		return err
	}
	if len(n.Content) > 3 {
		return r.errorf(n, "%s: %d numbers are too many: give one a channel", where, len(n.Content))
	}
	values := make([]float64, len(n.Content))
	for i, item := range n.Content {
		if err := r.scalar(item, where, "a number", "!!int", "!!float"); err != nil {
			return err
		}
		err := item.Decode(&values[i])
		if err != nil || math.IsNaN(values[i]) || math.Abs(values[i]) > math.MaxFloat32 {
			return r.errorf(item, "%s: %s is not a finite number", where, clip(item.Value))
		}
	}
	*list = values
	return nil
}

// heightWidth is [height, width].
func (r reader) heightWidth(n *yaml.Node, where string, size *[]int) error {
	const what = "[height, width], as [224, 224]"
	if err := r.want(n, yaml.SequenceNode, where, what); err != nil {
		return err
	}
	if len(n.Content) != 2 {
		return r.errorf(n, "%s: want %s", where, what)
	}
	values := make([]int, 2)
	for i, item := range n.Content {
		if err := r.integer(item, where, 1, maxExtent, &values[i]); err != nil {
			return err
		}
	}
	*size = values
	return nil
}

// extent is one number, [height, width] or null.
func (r reader) extent(n *yaml.Node, where string, size *[]int) error {
	switch {
	case n.Kind == yaml.SequenceNode:
		return r.heightWidth(n, where, size)
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return nil
	}
	var side int
	if err := r.integer(n, where, 1, maxExtent, &side); err != nil {
		return err
	}
	*size = []int{side}
	return nil
}

// find is the node of a key that is there.
func find(n *yaml.Node, path []string) *yaml.Node {
	for i := 0; len(path) > 0 && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] {
			return find(n.Content[i+1], path[1:])
		}
	}
	return n
}
