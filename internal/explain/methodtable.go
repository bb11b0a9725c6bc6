package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/gradcam"
)

// MethodRow is one method as lists show it.
type MethodRow struct {
	Method  string         `json:"method"`
	Family  gradcam.Family `json:"family"`
	Summary string         `json:"summary"`
	// Needs are what it asks of the network.
	Needs []string `json:"needs"`
	// Passes are what one explanation takes, in words; Note is what they leave out.
	Passes string `json:"passes"`
	// Forward and Backward count passes through the whole network, PerChannel and
	// PerPosition those after the layer, for each of its channels or positions.
	Forward     int `json:"forward"`
	Backward    int `json:"backward"`
	PerChannel  int `json:"per_channel"`
	PerPosition int `json:"per_position"`
	// Tail counts passes after the layer and back, ForwardPerChannel and
	// ForwardPerFeature whole forward passes for each channel of the layer or
	// feature of the input.
	Tail              int    `json:"tail"`
	ForwardPerChannel int    `json:"forward_per_channel"`
	ForwardPerFeature int    `json:"forward_per_feature"`
	Note              string `json:"note,omitempty"`
	// Options are those that text can give.
	Options []gradcam.Setting `json:"options"`
}

// Methods lists the methods of these names, or all.
func Methods(names ...string) ([]MethodRow, error) {
	wanted := map[string]bool{}
	for _, n := range names {
		if _, err := gradcam.ByName(n); err != nil {
			return nil, misuse{err}
		}
		wanted[n] = true
	}
	rows := []MethodRow{}
	for _, e := range gradcam.Catalogue() {
		if len(names) > 0 && !wanted[e.Method.Name()] {
			continue
		}
		n := e.Method.Needs()
		options := gradcam.Settings(e.Method)
		if options == nil {
			options = []gradcam.Setting{}
		}
		rows = append(rows, MethodRow{
			Method: e.Method.Name(), Family: e.Family, Summary: e.Summary, Needs: needsOf(n), Passes: passesOf(n.Cost),
			Forward: n.Cost.Forward, Backward: n.Cost.Backward, PerChannel: n.Cost.PerChannel, PerPosition: n.Cost.PerPosition,
			Tail: n.Cost.Tail, ForwardPerChannel: n.Cost.ForwardPerChannel, ForwardPerFeature: n.Cost.ForwardPerFeature,
			Note: n.Cost.Note, Options: options,
		})
	}
	return byFamily(rows), nil
}

// byFamily brings the methods of a family together, families in the order in which
// they begin.
func byFamily(rows []MethodRow) []MethodRow {
	order := map[gradcam.Family]int{}
	for _, r := range rows {
		if _, known := order[r.Family]; !known {
			order[r.Family] = len(order)
		}
	}
	slices.SortStableFunc(rows, func(a, b MethodRow) int { return order[a.Family] - order[b.Family] })
	return rows
}

// needsOf names what a method asks of the engine.
func needsOf(n gradcam.Needs) []string {
	words := []string{}
	for _, need := range []struct {
		word string
		is   bool
	}{
		{"layer", n.Layer}, {"gradient", n.Gradient}, {"input gradient", n.Input}, {"second order", n.SecondOrder},
		{"re-runs", n.Rerun || n.RerunGrad}, {"biases", n.Biases}, {"predictions", n.Predict}, {"seed", n.Random},
	} {
		if need.is {
			words = append(words, need.word)
		}
	}
	return words
}

// passesOf is "1 forward, 1 backward, 1 a channel".
func passesOf(c gradcam.Cost) string {
	var words []string
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.Forward, "forward"}, {c.Backward, "backward"}, {c.Tail, "after the layer and back"}, {c.PerChannel, "a channel"}, {c.PerPosition, "a position"},
		{c.ForwardPerChannel, "forward a channel"}, {c.ForwardPerFeature, "forward a feature"},
	} {
		if part.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(words, ", ")
}
