package gradcam

import (
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/superpixel"
)

// Features groups the numbers of an input into what is switched on and off
// together. The zero value makes superpixels of an image [N, C, H, W] or a signal
// [N, C, L], and a feature of each column of a table [N, F].
type Features struct {
	// Mask gives every number its feature, counted from 0 without gaps, as captum's
	// feature_mask does: Ints of the shape of one sample, of its space alone for
	// all channels alike, or of the whole batch for a mask of each sample's own.
	Mask engine.Array
	// Rows and Cols cut images into a grid instead of superpixels.
	Rows int `default:"0" about:"cells of a grid along the height, in place of superpixels"`
	Cols int `default:"0" about:"cells of a grid along the width"`
	// Superpixels are options of [superpixel.SLIC].
	Superpixels superpixel.Options
}

// grouping are the features of one sample: feature[i] is that of number i.
type grouping struct {
	feature []int
	count   int
}

// masks says which inputs have such features.
func (f Features) masks() Masking {
	if f.Mask.Shape != nil {
		return AnyMasks
	}
	return FeatureMasks
}

// of finds the features of every sample.
func (f Features) of(run *Run) ([]grouping, error) {
	x := run.Input()
	if x.Ints != nil {
		return nil, run.unmaskable()
	}
	groups := make([]grouping, x.Shape[0])
	for n := range groups {
		feature, err := f.sample(run, n)
		if err != nil {
			return nil, err
		}
		if groups[n], err = newGrouping(feature, engine.Size(x.Shape[1:])); err != nil {
			return nil, &SampleError{n, err}
		}
	}
	return groups, nil
}

// newGrouping repeats the features of a space for all channels and checks that
// none is missing.
func newGrouping(feature []int, size int) (grouping, error) {
	g := grouping{slices.Repeat(feature, size/len(feature)), slices.Max(feature) + 1}
	seen := make([]bool, g.count)
	for _, k := range feature {
		if k < 0 {
			return g, fmt.Errorf("feature mask holds %d: count features from 0", k)
		}
		seen[k] = true
	}
	if k := slices.Index(seen, false); k >= 0 {
		return g, fmt.Errorf("feature mask holds no %d of 0 to %d: leave no gaps", k, g.count-1)
	}
	return g, nil
}

// sample finds the features of one sample, or of its space.
func (f Features) sample(run *Run, n int) ([]int, error) {
	x := run.Input()
	shape := x.Shape[1:]
	switch {
	case f.Mask.Shape != nil:
		return f.given(x, n)
	case len(shape) == 1:
		return identity(shape[0]), nil
	}
	h, w, err := run.plane()
	if err != nil {
		return nil, fmt.Errorf("give Features.Mask: %w", err)
	}
	if f.Rows != 0 || f.Cols != 0 {
		return grid(h, w, f.Rows, f.Cols)
	}
	feature, err := superpixel.SLIC(x.Row(n).Data, shape[0], h, w, f.Superpixels)
	if err != nil {
		return nil, markf(ErrOption, "%v", err) // the image is as large as it says
	}
	return feature, nil
}

func (f Features) given(x engine.Array, n int) ([]int, error) {
	m := f.Mask
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("feature mask: %w", err)
	}
	own := slices.Equal(m.Shape, x.Shape)
	if own {
		m = m.Row(n)
	}
	space := len(x.Shape) > 2 && slices.Equal(m.Shape, x.Shape[2:])
	if m.Ints == nil || !own && !space && !slices.Equal(m.Shape, x.Shape[1:]) {
		return nil, fmt.Errorf("feature mask of shape %v does not fit an input of %v: give integers of shape %v", f.Mask.Shape, x.Shape, x.Shape[1:])
	}
	feature := make([]int, len(m.Ints))
	for i, k := range m.Ints {
		feature[i] = int(k)
	}
	return feature, nil
}

// grid numbers the cells of a grid over h x w pixels.
func grid(h, w, rows, cols int) ([]int, error) {
	if rows < 1 || cols < 1 || rows > h || cols > w {
		return nil, markf(ErrOption, "a grid of %d x %d cells over %d x %d pixels: give 1 to %d rows, 1 to %d columns", rows, cols, h, w, h, w)
	}
	feature := make([]int, h*w)
	for i := range feature {
		feature[i] = i/w*rows/h*cols + i%w*cols/w
	}
	return feature, nil
}

// presence is inputs of which some features are absent, replaced by the baseline.
type presence struct {
	run         *Run
	x, baseline engine.Array
	groups      []grouping
}

func newPresence(run *Run, f Features, b Baseline) (*presence, error) {
	p := &presence{run: run, x: run.Input()}
	var err error
	if p.groups, err = f.of(run); err != nil {
		return nil, err
	}
	p.baseline, err = b.of(p.x)
	return p, err
}

// write fills row with a sample that has only the features that are on.
func (p *presence) write(n int, on []bool, row []float32) {
	x, absent := p.x.Row(n).Data, p.baseline.Row(n).Data
	for i, k := range p.groups[n].feature {
		if on[k] {
			row[i] = x[i]
		} else {
			row[i] = absent[i]
		}
	}
}

// attribution gives every number the value of its feature.
func (p *presence) attribution(values [][]float64) []Attribution {
	out := engine.NewArray(p.x.Shape...)
	for n, g := range p.groups {
		row := out.Row(n).Data
		for i, k := range g.feature {
			row[i] = float32(values[n][k])
		}
	}
	return []Attribution{p.run.inputAttribution(out)}
}

// every lists a number for each sample.
func (p *presence) every(number func(sample int) int) []int {
	each := make([]int, len(p.groups))
	for n := range each {
		each[n] = number(n)
	}
	return each
}
