package precision

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// Figures compare explanations of the same inputs.
type Figures struct {
	Samples   int     `json:"samples"`
	SameClass int     `json:"same_class"` // samples whose best class is the same
	Map       float64 `json:"map"`        // largest difference of a place of a map, which is 0..1
	MapMean   float64 `json:"map_mean"`   // mean difference of all places
	Rank      float64 `json:"rank"`       // lowest rank correlation of two maps (Spearman's rho)
	Score     float64 `json:"score"`      // largest difference of a best class's score, relative to float32's
	OwnMS     float64 `json:"own_ms"`     // median time of a batch
	ReducedMS float64 `json:"reduced_ms"`
	Faster    float64 `json:"faster"` // median over rounds of own / reduced
}

// Measure explains every batch with both explainers, and then all of them in turns,
// for so many rounds, to take the time. Both explain the class that own finds best.
func Measure(ctx context.Context, own, reduced *gradcam.Explainer, batches []engine.Array, rounds int) (Figures, error) {
	f := Figures{Rank: 1}
	targets := make([][]gradcam.Target, len(batches))
	places := 0
	for i, x := range batches {
		want, err := own.Explain(ctx, x)
		if err != nil {
			return f, err
		}
		for _, r := range want {
			targets[i] = append(targets[i], gradcam.Class(r.Target.Index))
		}
		got, err := reduced.Explain(ctx, x, targets[i]...)
		if err != nil {
			return f, err
		}
		for n := range want {
			places += f.compare(want[n], got[n])
		}
	}
	f.MapMean /= float64(max(1, places))
	return f, f.time(ctx, own, reduced, batches, targets, rounds)
}

// compare adds one sample and returns the number of places of its map.
func (f *Figures) compare(want, got gradcam.Result) int {
	f.Samples++
	if len(got.Top) > 0 && got.Top[0].Index == want.Target.Index {
		f.SameClass++
	}
	a, b := want.Map().Data, got.Map().Data
	for i, v := range a {
		d := math.Abs(float64(v) - float64(b[i]))
		f.Map = max(f.Map, d)
		f.MapMean += d
	}
	f.Rank = min(f.Rank, Rank(a, b))
	if want.Target.Score != 0 {
		f.Score = max(f.Score, math.Abs(got.Target.Score/want.Target.Score-1))
	}
	return len(a)
}

func (f *Figures) time(ctx context.Context, own, reduced *gradcam.Explainer, batches []engine.Array, targets [][]gradcam.Target, rounds int) error {
	var a, b, ratio []float64
	for range rounds {
		for i, x := range batches {
			first, err := milliseconds(ctx, own, x, targets[i])
			if err != nil {
				return err
			}
			second, err := milliseconds(ctx, reduced, x, targets[i])
			if err != nil {
				return err
			}
			a, b, ratio = append(a, first), append(b, second), append(ratio, first/second)
		}
	}
	f.OwnMS, f.ReducedMS, f.Faster = figure.Median(a), figure.Median(b), figure.Median(ratio)
	return nil
}

func milliseconds(ctx context.Context, e *gradcam.Explainer, x engine.Array, targets []gradcam.Target) (float64, error) {
	start := time.Now()
	_, err := e.Explain(ctx, x, targets...)
	return float64(time.Since(start).Microseconds()) / 1e3, err
}

func (f Figures) String() string {
	return fmt.Sprintf("%d of %d classes the same; maps differ by %.3f at most, %.4f on average; rank correlation at least %.4f; scores within %.2f %%; %.1f ms instead of %.1f, %.2fx",
		f.SameClass, f.Samples, f.Map, f.MapMean, f.Rank, 100*f.Score, f.ReducedMS, f.OwnMS, f.Faster)
}
