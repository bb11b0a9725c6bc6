package gradcam

import (
	"math"
	"strconv"
	"strings"
)

// parseBinary reads the category after "binary:".
func parseBinary(whole, operand string) (Target, error) {
	if operand != "0" && operand != "1" {
		return nil, markf(ErrTarget, "target %q: give a category, binary:1 or binary:0", whole)
	}
	return Binary(int(operand[0] - '0')), nil
}

// parseAnchor reads POSITION:CLASS.
func parseAnchor(whole, operand string, labels []string) (Target, error) {
	place, class, _ := strings.Cut(operand, ":")
	position, err := strconv.Atoi(place)
	if err != nil || position < 0 {
		return nil, markf(ErrTarget, "target %q: %q is no position: give one from 0 and a class, as anchor:17:3", whole, place)
	}
	pick, err := parseClass(whole, class, labels, false)
	if err != nil {
		return nil, err
	}
	c, ok := pick.(fixedClass)
	if !ok {
		return nil, markf(ErrTarget, "target %q: %s is chosen by the mean over positions: give a class index or =LABEL", whole, pick)
	}
	return Anchor(position, int(c)), nil
}

// parseBoxes reads LEFT,TOP,RIGHT,BOTTOM,LABEL, several with semicolons between,
// and @OVERLAP.
func parseBoxes(whole, operand string) (Target, error) {
	list, after, given := strings.Cut(operand, "@")
	overlap := DefaultOverlap
	if given {
		var err error
		if overlap, err = strconv.ParseFloat(after, 64); err != nil || !(overlap > 0 && overlap < 1) {
			return nil, markf(ErrTarget, "target %q: %q is no overlap: give a number between 0 and 1", whole, after)
		}
	}
	var references []Box
	for _, text := range strings.Split(list, ";") {
		box, ok := parseBox(text)
		if !ok {
			return nil, markf(ErrTarget, "target %q: %q is no box: give left,top,right,bottom in pixels and the label's number, as box:10,20,110,80,17", whole, text)
		}
		references = append(references, box)
	}
	return Boxes(overlap, references...), nil
}

func parseBox(text string) (Box, bool) {
	words := strings.Split(text, ",")
	if len(words) != 5 {
		return Box{}, false
	}
	var edges [4]float64
	for i := range edges {
		v, err := strconv.ParseFloat(words[i], 64)
		if err != nil || v-v != 0 || math.Abs(v) > math.MaxFloat32 {
			return Box{}, false
		}
		edges[i] = v
	}
	label, err := strconv.Atoi(words[4])
	b := Box{edges[0], edges[1], edges[2], edges[3], label}
	return b, err == nil && b.Left < b.Right && b.Top < b.Bottom
}
