package gradcam

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
)

// Candidate is a layer that may be explained.
type Candidate struct {
	// Layer is its address.
	Layer string
	// Type is the class of the submodule, or the operator of the node.
	Type string
	// Shape is the shape of its value, Layout how to read it.
	Shape  []int
	Layout Layout
}

func (c Candidate) space() []int { return c.Layout.spatial(c.Shape) }

// Candidates lists the layers that could be explained, best first, by the shapes
// alone. input and output are the shapes of the model's first input and of its
// scored output.
//
// The best layer is the last value with a spatial extent above one before space
// collapses. Values made by pooling, by moving axes or by dropout show nothing
// that the value before them does not, and are passed over; so are the linear
// projections inside a transformer's block. A network whose output is itself
// spatial has a last value smaller than the output.
//
// The same value is often returned by several submodules: a block and its last
// member. The outermost one names it best, unless it takes the model's own
// input: that one is the whole network up to there ("features"), and a cut at
// it says less than a cut at its last block ("features.18").
func Candidates(calls []engine.Call, input, output []int) []Candidate {
	var order []int
	groups := map[int][]engine.Call{}
	for _, c := range calls {
		if len(groups[c.Value]) == 0 {
			order = append(order, c.Value)
		}
		groups[c.Value] = append(groups[c.Value], c)
	}
	var found []Candidate
	known := newTypes()
	for i := len(order) - 1; i >= 0; i-- {
		if c, ok := known.candidate(groups[order[i]], input, output); ok {
			found = append(found, c)
		}
	}
	return found
}

// candidate names the value of a group of calls that returned it, in the order
// of their return, if it is worth explaining.
func (t types) candidate(group []engine.Call, input, output []int) (Candidate, bool) {
	maker := group[0]
	element, layout, ok := spatialElement(maker, input)
	if !ok || t.passOver(maker.Type, layout) {
		return Candidate{}, false
	}
	places := engine.Size(layout.spatial(element.Shape))
	if places <= 1 || dense(output) && places >= engine.Size(output[2:]) {
		return Candidate{}, false
	}
	call := outermost(group)
	return Candidate{Layer: address(call, element), Type: call.Type, Shape: element.Shape, Layout: layout}, true
}

// dense says that the output itself is spatial, as a segmentation's is.
func dense(output []int) bool { return len(output) > 3 && engine.Size(output[2:]) > 1 }

// spatialElement is the first float tensor of a call's result that has a batch
// axis and a layout.
func spatialElement(c engine.Call, input []int) (engine.Element, Layout, bool) {
	for _, e := range c.Elements {
		if len(e.Shape) < 3 || e.Shape[0] != input[0] || engine.Size(e.Shape) == 0 {
			continue
		}
		if !strings.Contains(e.DType, "float") { // bfloat16 to float64
			continue
		}
		if layout, err := FindLayout(e.Shape, input); err == nil {
			return e, layout, true
		}
	}
	return engine.Element{}, Layout{}, false
}

// outermost is the shortest path among the calls that contain the one that made
// the value and do not take the model's input; the maker if there is none.
func outermost(group []engine.Call) engine.Call {
	maker := group[0]
	best, found := maker, false
	for _, c := range group {
		contains := c.Path == maker.Path && c.Index == maker.Index || strings.HasPrefix(maker.Path, c.Path+".")
		if contains && !c.TakesInput && c.Path != "" && (!found || len(c.Path) < len(best.Path)) {
			best, found = c, true
		}
	}
	return best
}

// address is "path[@call][:element]".
func address(c engine.Call, e engine.Element) string {
	a := c.Path
	if c.Of > 1 {
		a += fmt.Sprintf("@%d", c.Index)
	}
	if e.Name != "" {
		a += ":" + e.Name
	}
	return a
}

// types recognises values that show nothing of their own by the class of their
// submodule, or by their operator in frozen files.
type types struct{ movers, projections *regexp.Regexp }

func newTypes() types {
	return types{
		// What pools, moves axes, drops values or hands on its input. The
		// expression is anchored: a PoolFormerBlock is no pooling.
		movers: regexp.MustCompile(`(?i)^(` +
			`(adaptive|fractional|global|fast|select)*_?(max|avg|average|lp|power|adaptive|catavgmax)*_?pool(ing)?_?([123]d)?(same)?` +
			`|permute|flatten|unflatten|reshape|view|transpose|contiguous|squeeze|unsqueeze|mean|clone|to|slice|select` +
			`|(alpha|feature)?_?(alpha)?_?dropout_?([123]d)?|droppath|stochasticdepth|identity|softmax|logsoftmax|log_softmax` +
			`)$`),
		projections: regexp.MustCompile(`(?i)^(.*linear|conv1d|addmm|matmul|bmm)$`),
	}
}

// passOver says whether a value of this type is no candidate. The projections of
// a transformer's block mix no places: its norms and its output stand for them.
func (t types) passOver(kind string, l Layout) bool {
	return t.movers.MatchString(kind) || l.Order == Tokens && t.projections.MatchString(kind)
}
