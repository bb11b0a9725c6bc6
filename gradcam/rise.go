package gradcam

import (
	"context"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/resample"
)

// RISE averages random masks, each weighted by the probability of the class when
// the input is seen through it (Petsiuk et al. 2018, arXiv:1806.07421). A mask is
// a random grid of zeros and ones, upsampled with half-pixel centres to
// (1 + 1/Cells) of the input's size and cropped at random; the raw map [N, H, W]
// is sum_i s_i m_i / (sum_i m_i + 1e-4), as in xplique. A logit target becomes its
// probability, as in the paper.
//
// Draw i has the uniform numbers of mask i: Cells*Cells of the grid by rows, each
// 1 where the number is below Probability, then the offsets of the crop from the
// top and from the left, as shares of the offsets possible. A signal [N, C, L] has
// one row of Cells cells.
type RISE struct {
	// Masks is the number of masks; 0 is 4000.
	Masks int `default:"4000" about:"number of masks"`
	// Cells is the number of cells along each side of the grid; 0 is 7.
	Cells int `default:"7" about:"cells along each side of a mask's grid"`
	// Probability is that of a cell to be 1; 0 is 0.5.
	Probability float64 `default:"0.5" about:"of a cell to let the input through"`
}

func riseEntries() []Entry {
	return []Entry{{RISE{}, GradientFree, "random masks weighted by the probability seen through them (Petsiuk et al. 2018)"}}
}

// Name is "rise".
func (RISE) Name() string { return "rise" }

// Needs are predictions.
func (m RISE) Needs() Needs {
	return Needs{Predict: true, Masks: PlaneMasks, Random: true, Cost: Cost{Forward: 1 + orDefault(m.Masks, 4000)}}
}

// Retarget explains the probability of the class whose raw output another target
// explains.
func (RISE) Retarget(t Target) Target { return asProbability(t) }

// Map returns one raw map, at the size of the input.
func (m RISE) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	x := run.Input()
	H, W, err := run.plane()
	if err != nil {
		return nil, err
	}
	if m.Masks < 0 || m.Cells < 0 || !(m.Probability >= 0 && m.Probability <= 1) {
		return nil, markf(ErrOption, "%+v: give numbers from 1 and a probability from 0 to 1", m)
	}
	masks := m.masks(run.Source(), H, W)
	number, mask := orDefault(m.Masks, 4000), make([]float32, H*W)
	scores, err := run.scoreCopies(ctx, copies{of: x, each: slices.Repeat([]int{number}, run.Len()), write: func(n, k int, row []float32) {
		masks(n, k, mask)
		multiply(row, x.Row(n).Data, mask)
	}})
	if err != nil {
		return nil, err
	}
	out := engine.NewArray(append([]int{run.Len()}, x.Shape[2:]...)...)
	for n := range run.Len() {
		// Masks are made again, which costs less than keeping them all.
		weighted, sum := make([]float64, H*W), make([]float64, H*W)
		for k := range number {
			masks(n, k, mask)
			for i, v := range mask {
				weighted[i] += scores[n][k] * float64(v)
				sum[i] += float64(v)
			}
		}
		row := out.Row(n).Data
		for i := range row {
			row[i] = float32(weighted[i] / (sum[i] + 1e-4))
		}
	}
	return []Attribution{{Layer: run.InputLayer(), Values: out, Finish: Normalise}}, nil
}

// masks returns a function that makes mask k of a sample.
func (m RISE) masks(source Source, H, W int) func(sample, k int, mask []float32) {
	cells, p := orDefault(m.Cells, 7), float32(orDefault(m.Probability, 0.5))
	rows, cols := min(cells, H), min(cells, W)
	// The offsets are whole pixels: masks differ by shifts of the same picture.
	tall, wide := H+H/rows, W+W/cols
	if H == 1 {
		tall = 1
	}
	u, grid := make([]float32, rows*cols+2), make([]float32, rows*cols)
	return func(sample, k int, mask []float32) {
		source.Uniform(k, sample, u)
		for i := range grid {
			grid[i] = 0
			if u[i] < p {
				grid[i] = 1
			}
		}
		top, left := crop(u[rows*cols], tall-H), crop(u[rows*cols+1], wide-W)
		resample.Affine(mask, grid, rows, cols, H, W, top.of(rows, tall), left.of(cols, wide))
	}
}

// offset is the first pixel of a crop.
type offset int

// crop is the offset at a share of the offsets from 0 to most.
func crop(share float32, most int) offset {
	return offset(min(int(float64(share)*float64(most+1)), most))
}

// of places pixels of the crop of an axis of n cells upsampled to size pixels.
func (o offset) of(n, size int) resample.Line {
	scale := float64(n) / float64(size)
	return resample.Line{Scale: scale, Offset: float64(o) * scale}
}
