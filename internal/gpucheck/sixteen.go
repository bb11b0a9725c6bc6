package main

import (
	"context"
	"path/filepath"

	"github.com/torchlight-go/torchlight/internal/precision"
	"github.com/torchlight-go/torchlight/torch"
)

// reduced measures what 16 bits cost on the sample and the photos.
func (c *check) reduced(ctx context.Context) (table, error) {
	t := table{note: "Grad-CAM of the sample network on the sample photos, against float32."}
	t.header = []string{"precision", "same class", "largest difference of a map", "mean", "lowest rank correlation", "largest difference of a score", "faster"}
	photos, err := filepath.Glob(filepath.Join(c.models, "photos", "*g"))
	if err != nil {
		return t, err
	}
	s := c.sample()
	batches, err := precision.Read(s.file, photos)
	if err != nil {
		return t, err
	}
	own, err := s.load(c.device)
	if err != nil {
		return t, err
	}
	defer own.close()
	for _, name := range []string{"bf16", "f16"} {
		dtype, has := c.precisions()[name]
		if !has {
			continue
		}
		other, err := s.load(c.device, torch.WithPrecision(dtype))
		if err != nil {
			return t, err
		}
		f, err := precision.Measure(ctx, own.Explainer, other.Explainer, batches, c.rounds)
		other.close()
		if err != nil {
			return t, err
		}
		t.add(name, f.SameClass == f.Samples, f.Map, f.MapMean, f.Rank, f.Score, f.Faster)
	}
	return t, nil
}
