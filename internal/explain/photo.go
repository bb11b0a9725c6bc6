package explain

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// Preprocessing is how photos became inputs, as records tell it.
type Preprocessing struct {
	// Source is "model card", or "ImageNet" where there is none.
	Source string `json:"source"`
	// Changed says that the user overrode part of it.
	Changed       bool      `json:"changed"`
	Pipeline      string    `json:"pipeline"`
	Resize        []int     `json:"resize"`
	Crop          []int     `json:"crop"`
	Interpolation string    `json:"interpolation"`
	Channels      int       `json:"channels"`
	Mean          []float64 `json:"mean"`
	Std           []float64 `json:"std"`
	Oriented      bool      `json:"oriented"`
}

// knownPipeline settles how photos become inputs where that needs no model: with
// a card. Without one it only finds what is wrong with the overrides for colour
// and grey photos alike.
func (s *Session) knownPipeline() error {
	if s.hasCard {
		return s.settlePipeline("model card", s.card.Pipeline())
	}
	_, colour := s.config.Photo.apply(preprocess.ImageNet(3))
	_, grey := s.config.Photo.apply(preprocess.ImageNet(1))
	if grey == nil {
		return nil
	}
	return colour
}

// triedPipeline settles it without a card. The model is run to see how many
// channels it takes.
func (s *Session) triedPipeline(ctx context.Context, model engine.Model) error {
	guess, err := s.config.Photo.apply(preprocess.ImageNet(3))
	if err != nil {
		return err
	}
	n := channels(ctx, model, guess, s.with)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.config.Log.Warn(fmt.Sprintf("%s has no card %s; photos become inputs as for ImageNet, with %d channel(s); write a card or give --preprocess",
		s.config.Model, card.Path(s.config.Model), n))
	return s.settlePipeline("ImageNet", preprocess.ImageNet(n))
}

// settlePipeline lays the overrides over p, for the photos that wait for it.
func (s *Session) settlePipeline(source string, p preprocess.Pipeline) error {
	p, err := s.config.Photo.apply(p)
	if err != nil {
		return err
	}
	s.pipeline = p
	s.preprocessing = &Preprocessing{
		Source: source, Changed: s.config.Photo.any(), Oriented: s.config.Orient,
		Pipeline: string(p.Kind), Resize: p.Resize, Crop: p.Crop, Interpolation: string(p.Interpolation),
		Channels: p.Channels, Mean: p.Mean, Std: p.Std,
	}
	s.preprocessing.fill()
	close(s.settled)
	return nil
}

// fill spells out the defaults of a pipeline.
func (p *Preprocessing) fill() {
	if p.Pipeline == "" {
		p.Pipeline = string(preprocess.PIL)
	}
	if p.Interpolation == "" {
		p.Interpolation = string(preprocess.Bilinear)
	}
}

// channels finds how many channels the model takes, by trying: colour, then grey.
// A model that takes neither wants something else than a photo, or not of that
// size; what it says to the real input tells more.
func channels(ctx context.Context, model engine.Model, p preprocess.Pipeline, with further) int {
	h, w := 224, 224
	if g, err := p.Geometry(w, h); err == nil {
		h, w = g.CropH, g.CropW
	}
	for _, c := range []int{3, 1} {
		if _, err := model.Calls(ctx, with.beside(trial(1, c, h, w))); err == nil {
			return c
		}
	}
	return 3
}

// trial is an input to try a model with: a pattern, because zeros would leave
// most units silent.
func trial(shape ...int) engine.Array {
	x := engine.NewArray(shape...)
	for i := range x.Data {
		x.Data[i] = float32(i%97)/48 - 1
	}
	return x
}

// hasPhotos says that at least one input is no array.
func hasPhotos(files []string) bool {
	for _, f := range files {
		if !isArray(f) {
			return true
		}
	}
	return false
}
