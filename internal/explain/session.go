package explain

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/render"
)

// Session explains inputs with one model. It serves one Run.
type Session struct {
	config   Config
	card     card.Card
	hasCard  bool
	labels   []string
	layouts  []gradcam.Layout
	question asked
	target   gradcam.Target // the question's, once the model is there
	with     further
	model    <-chan loaded
	ways     []*way

	// settled is closed when the two fields below it are set, which photos wait for.
	settled       chan struct{}
	pipeline      preprocess.Pipeline
	preprocessing *Preprocessing

	explainer *gradcam.Explainer // once the model is there
	alone     atomic.Bool        // the model has refused a batch and taken its samples
	cores     cores

	pens    spare[pen]
	readers spare[preprocess.Reader]
	rooms   spare[room]
}

type loaded struct {
	model engine.Model
	err   error
}

// New settles every choice that needs no model, and begins to load the model in
// the background: reading a network takes as long as everything else.
//
// Errors of kind [ErrUsage] are about the question; others are about the card or the
// folder of the results.
func New(config Config, load func() (engine.Model, error)) (*Session, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Style == nil {
		config.Style = render.Torchlight{}
	}
	config.Out = first(config.Out, ".")
	config.Workers, config.Passes = max(config.Workers, 1), max(config.Passes, 1)
	s := &Session{config: config, settled: make(chan struct{}), cores: make(cores, config.Workers)}
	if err := config.check(); err != nil {
		return nil, err
	}
	if err := s.choose(); err != nil {
		return nil, err
	}
	model := make(chan loaded, 1)
	s.model = model
	go func() {
		m, err := load()
		model <- loaded{m, err}
	}()
	return s, nil
}

// choose settles what the question and the card say.
func (s *Session) choose() error {
	c := s.config
	var err error
	if s.card, s.hasCard, err = card.Find(c.Model); err != nil {
		return err
	}
	if err := s.chooseMethods(); err != nil {
		return err
	}
	if s.labels = c.Labels; s.labels == nil {
		s.labels = s.card.Labels
	}
	if s.question, err = parseTarget(first(c.Target, "top1"), s.labels); err != nil {
		return err
	}
	if s.with, err = readFurther(c.With); err != nil {
		return err
	}
	if s.layouts, err = parseLayouts(c.Layouts, max(len(c.Layers), 1)); err != nil {
		return err
	}
	if err := s.knownPipeline(); err != nil {
		return err
	}
	return writable(c.Out)
}

// ready waits for the model and settles what depends on it. Meanwhile it computes
// the checksum that the card asks for.
func (s *Session) ready(ctx context.Context, photos bool) error {
	if s.hasCard {
		if err := s.card.CheckModel(s.config.Model); err != nil {
			return err
		}
	}
	var model engine.Model
	select {
	case l := <-s.model:
		if l.err != nil {
			return l.err
		}
		model = l.model
	case <-ctx.Done():
		return ctx.Err()
	}
	if (photos || s.question.photo()) && !s.hasCard {
		if err := s.triedPipeline(ctx, model); err != nil {
			return err
		}
	}
	options, err := s.options()
	if err != nil {
		return err
	}
	if s.explainer, err = gradcam.New(model, options...); err != nil {
		return err
	}
	s.target, err = s.aim(ctx)
	return err
}

// options are the explainer's.
func (s *Session) options() ([]gradcam.Option, error) {
	c := s.config
	kind := s.card.Output
	if c.OutputKind != "" {
		var err error
		if kind, err = gradcam.ParseOutputKind(c.OutputKind); err != nil {
			return nil, misuse{err}
		}
	}
	options := append(s.methodOptions(),
		gradcam.WithLogger(c.Log), gradcam.WithLabels(s.labels), gradcam.WithOutputKind(kind), gradcam.WithOutput(first(c.Output, s.card.OutputName)))
	if c.Top > 0 {
		options = append(options, gradcam.WithTop(c.Top))
	}
	if len(s.layouts) > 0 {
		options = append(options, gradcam.WithLayout(s.layouts...))
	}
	if len(c.Layers) > 0 {
		options = append(options, gradcam.WithLayers(c.Layers...))
	} else if s.card.Layer != "" && s.layered() {
		options = append(options, gradcam.WithLayer(s.card.Layer))
	}
	return options, nil
}

// close frees the plans. The model belongs to whoever loaded it.
func (s *Session) close() error {
	if s.explainer == nil {
		return nil
	}
	return s.explainer.Close()
}

func first(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}
