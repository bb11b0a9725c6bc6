package gradcam

import (
	"fmt"
	"time"

	"github.com/torchlight-go/torchlight/engine"
)

// Result explains one sample. It holds no native memory and belongs to the
// caller.
type Result struct {
	// Sample is the index in the batch.
	Sample int
	// Method is the method's name.
	Method string
	// Raw are the raw maps, one a layer.
	Raw []Raw
	// RawMin and RawMax are the extremes of all raw maps. The normalised map
	// hides them, and with them how strong it is.
	RawMin, RawMax float32
	// Target is what was explained.
	Target Explained
	// Top are the best classes, best first.
	Top []ClassScore
	// Reason says why the map is blank; it is empty when the map is not.
	Reason Reason
	// Normalised says that the map was stretched to 0..1.
	Normalised bool
	// Choice says why the layer was chosen, if the caller named none.
	Choice Choice
	// Seed is that of a method that draws random numbers, nil for one that does
	// not.
	Seed *uint64
	// Compat is the peer whose conventions the map follows, "" for none.
	Compat Peer
	// Timings are those of the whole batch.
	Timings Timings

	mapper string // the method whose maps they are, by name
	fusion Fusion
	finish Finish
	space  []int // of the map: the input's extents, or the layer's
	copies []augmented
}

// Raw is the map of one layer as the method computed it: signed, before ReLU and
// normalisation.
type Raw struct {
	// Layer is the layer's address, or [engine.Input].
	Layer string
	// Values are [h, w] of the layer, or [C, H, W] for input attributions, [F]
	// for those of a table's columns.
	Values   engine.Array
	Min, Max float32
	// Reason says why this layer's map is blank.
	Reason Reason
}

// Explained is the target of one sample, with every choice made.
type Explained struct {
	// Target is in the grammar of [ParseTarget].
	Target string
	// ClassScore's Index is [NoClass] when the target is not about one class.
	ClassScore
}

// ClassScore is what the model says about one class.
type ClassScore struct {
	Index int
	// Label is the class's name, if names are known.
	Label string
	// Score is the value of the target, or the raw output in a list of the best.
	Score float64
	// Probability is 0 when there is no class.
	Probability float64
}

// Timings say where the time of a batch went. Choose is finding a layer, Forward the
// passes that methods share, Method the method without those and without its backward
// pass.
type Timings struct {
	Choose, Forward, Backward, Method, Total time.Duration
}

// Map is the finished map at the size of the input, [H, W]: 0..1 if Normalised. Of
// a table it is [F], of a sequence [L], of a volume [D, H, W], of a layer's units [C].
// [Result.Compat] may give it another size and signs.
// It is computed anew by every call.
func (r Result) Map() engine.Array { return r.mapOf(r.space) }

// maxMap bounds the size of a map, in values: larger than any photograph.
const maxMap = 1 << 28

// MapSize is the finished map at another size, computed from the raw maps.
func (r Result) MapSize(h, w int) (engine.Array, error) {
	if r.Placeless() {
		return engine.Array{}, fmt.Errorf("a map of %d columns or units has no places that a size %d x %d would enlarge: use Map", r.space[0], h, w)
	}
	if len(r.space) > 2 {
		return engine.Array{}, fmt.Errorf("a map of a volume %v has no size %d x %d: use Map", r.space, h, w)
	}
	if h < 1 || w < 1 || h > maxMap/w {
		return engine.Array{}, fmt.Errorf("map of %d x %d: give sizes from 1, at most %d values in all", h, w, maxMap)
	}
	return r.mapOf([]int{h, w}), nil
}

// Placeless says that the map has a value for each column of a table, or each unit
// of a layer [N, C]: no picture shows it.
func (r Result) Placeless() bool { return placeless(r.finish, r.Raw[0].Values.Shape) }

// placeless tells it by a sample's raw map: all others under Magnitude have channels.
func placeless(finish Finish, raw []int) bool { return finish == Magnitude && len(raw) == 1 }

func (r Result) mapOf(space []int) engine.Array {
	shape := append([]int(nil), space...)
	switch {
	case r.Reason != "":
		return engine.NewArray(shape...)
	case r.copies != nil:
		return engine.Array{Shape: shape, Data: meanMap(r.copies, space)}
	}
	maps := make([][]float32, len(r.Raw))
	for i, raw := range r.Raw {
		maps[i] = r.finishLayer(raw, space)
	}
	return engine.Array{Shape: shape, Data: r.finishAll(maps)}
}

// Only is the result narrowed to raw map k: its map is that of one layer, or of one
// concept of [DFF], finished alone.
func (r Result) Only(k int) Result {
	raw := r.Raw[k]
	r.Raw, r.RawMin, r.RawMax, r.Reason = []Raw{raw}, raw.Min, raw.Max, raw.Reason
	copies := make([]augmented, 0, len(r.copies))
	for _, c := range r.copies {
		copies = append(copies, augmented{c.Only(k), c.augmentation})
	}
	if r.copies != nil {
		r.copies = copies
	}
	return r
}

// results puts together what is known about every sample.
func (r *Run) results(m Method, maps []Attribution, timings Timings) []Result {
	b, e, needs, finish := r.batch, r.batch.explainer, m.Needs(), maps[0].Finish
	all := Result{
		Method:     m.Name(),
		Normalised: finish != Clip && !e.compat.signed(finish),
		Compat:     e.compat,
		Choice:     b.choice,
		Timings:    timings,
		mapper:     r.mapper,
		fusion:     e.fusesOf(m),
		finish:     finish,
		space:      b.mapSpace(maps),
	}
	results := make([]Result, b.n)
	for i := range results {
		res := all
		res.Sample, res.Target.Target = i, r.targets[i].String()
		res.Target.ClassScore, res.Top = b.classes(r.scores[i], i)
		if needs.Random {
			seed := e.seed
			res.Seed = &seed
		}
		for _, a := range maps {
			res.Raw = append(res.Raw, r.raw(needs, a, i))
		}
		res.RawMin, res.RawMax = span(res.Raw)
		res.Reason = res.blank()
		results[i] = res
	}
	return results
}

// span are the extremes of all raw maps.
func span(raws []Raw) (low, high float32) {
	low, high = raws[0].Min, raws[0].Max
	for _, raw := range raws[1:] {
		low, high = min(low, raw.Min), max(high, raw.Max)
	}
	return low, high
}

// raw is one sample's share of an attribution.
func (r *Run) raw(needs Needs, a Attribution, sample int) Raw {
	row := a.Values.Row(sample)
	raw := Raw{Layer: a.Layer, Values: engine.NewArray(row.Shape...)}
	copy(raw.Values.Data, row.Data)
	raw.Min, raw.Max = extremes(raw.Values.Data)
	raw.Reason = blank(raw, a.Finish, r.shades(needs, a, sample))
	return raw
}

func (r *Run) shades(needs Needs, a Attribution, sample int) shades {
	e := r.batch.explainer
	zero, known := r.zeroGradient(a.Layer, sample)
	return shades{
		// An observer may have asked for a gradient that the method did not.
		noGradient: known && zero && needs.derivative(),
		// Methods without a gradient have none that could be noise, and those that
		// take it elsewhere take it where the target is not saturated.
		saturated: r.scores[sample].Saturated && (needs.Gradient || needs.Input) && !needs.Elsewhere && !e.compat.signed(a.Finish),
		signed:    e.compat.negatives(r.mapper, a.Finish),
		weighed:   needs.derivative() && !needs.Unsigned && !(e.eigenSmoothing && needs.Layer),
	}
}

// mapSpace is the size of the finished map: the input's extents, or those of the
// raw map for inputs without space and for peers that leave it as it is.
func (b *batch) mapSpace(maps []Attribution) []int {
	e := b.explainer
	if e.compat.ownSize(maps[0].Finish) {
		return largestSpace(maps)
	}
	input, a := b.explained().Shape, maps[0]
	raw := a.Values.Shape[1:]
	if placeless(a.Finish, raw) {
		return append([]int(nil), raw...)
	}
	if a.Finish == Magnitude {
		raw = places(raw)
	}
	if len(input) > 2 && (len(input)-2 >= len(raw) || engine.Size(raw) == 1) {
		return append([]int(nil), Layout{Order: e.inputOrder}.spatial(input)...)
	}
	return append([]int(nil), raw...)
}

// best lists the k best classes.
func best(z, probabilities []float64, labels []string, k int) []ClassScore {
	top := make([]ClassScore, min(k, len(z)))
	for i, c := range highest(z, len(top)) {
		top[i] = ClassScore{Index: c, Label: label(labels, c), Score: z[c], Probability: probabilities[c]}
	}
	return top
}
