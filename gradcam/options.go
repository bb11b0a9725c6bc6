package gradcam

import (
	"fmt"
	"log/slog"
)

// Option is a choice made when an [Explainer] is built.
type Option func(*Explainer) error

// WithLayer names the layer to explain: "path[@call][:element]", or "#op:index"
// in frozen files. Without it [Explainer.Choose] finds one.
func WithLayer(layer string) Option { return WithLayers(layer) }

// WithLayers names several layers, whose maps are fused. Raw maps keep their
// order.
func WithLayers(layers ...string) Option {
	return func(e *Explainer) error {
		if len(layers) == 0 {
			return fmt.Errorf("no layer named")
		}
		seen := map[string]bool{}
		for _, l := range layers {
			if l == "" {
				return fmt.Errorf("a layer's name is empty")
			}
			if seen[l] {
				return fmt.Errorf("layer %s is named twice", l)
			}
			seen[l] = true
		}
		e.layers = append([]string(nil), layers...)
		return nil
	}
}

// WithMethod chooses the method. The default is [GradCAM].
func WithMethod(m Method) Option { return WithMethods(m) }

// WithMethods chooses several methods for [Explainer.ExplainAll], which share
// one forward pass, and one backward pass where they explain the same score.
func WithMethods(methods ...Method) Option {
	return func(e *Explainer) error {
		if len(methods) == 0 {
			return fmt.Errorf("no method given")
		}
		for i, m := range methods {
			if m == nil {
				return fmt.Errorf("method %d is nil", i)
			}
			if c, ok := m.(CAM); ok {
				if _, err := c.formula(); err != nil {
					return err
				}
			}
		}
		e.methods = append([]Method(nil), methods...)
		return nil
	}
}

// WithFusion says how the maps of several layers become one. The default is
// [Mean], or that of the peer of [WithCompat].
func WithFusion(f Fusion) Option {
	return func(e *Explainer) error {
		if f < Mean || f > Product {
			return fmt.Errorf("unknown fusion %d: give Mean, Max or Product", f)
		}
		e.fusion = &f
		return nil
	}
}

// WithLayout says which axes of the layers are channels and space, for shapes
// that [FindLayout] gets wrong: one layout for all layers or one each.
func WithLayout(layouts ...Layout) Option {
	return func(e *Explainer) error {
		if len(layouts) == 0 {
			return fmt.Errorf("no layout given")
		}
		e.layouts = append([]Layout(nil), layouts...)
		return nil
	}
}

// WithOutput names the output to explain, for models with several: a dict's key,
// a tuple's index, nested ones joined by dots.
func WithOutput(name string) Option {
	return func(e *Explainer) error {
		e.outputName = name
		return nil
	}
}

// WithOutputKind says what the output's numbers are, for the probabilities of
// results and targets. The default is [Logits].
func WithOutputKind(k OutputKind) Option {
	return func(e *Explainer) error {
		if k < Logits || k > Sigmoid {
			return fmt.Errorf("unknown output kind %d: give Logits, Probabilities or Sigmoid", k)
		}
		e.kind = k
		return nil
	}
}

// WithLabels names the classes in results.
func WithLabels(labels []string) Option {
	return func(e *Explainer) error {
		e.labels = append([]string(nil), labels...)
		return nil
	}
}

// WithTop sets how many of the best classes a result lists. The default is 5.
func WithTop(k int) Option {
	return func(e *Explainer) error {
		if k < 0 {
			return fmt.Errorf("cannot list %d classes", k)
		}
		e.top = k
		return nil
	}
}

// WithLogger sends what an explainer decides on its own to a logger. The
// default is silence.
func WithLogger(l *slog.Logger) Option {
	return func(e *Explainer) error {
		if l == nil {
			return fmt.Errorf("logger is nil")
		}
		e.log = l
		return nil
	}
}

// WithSeed seeds the methods that draw random numbers. The default is 0: two runs
// give the same map.
func WithSeed(seed uint64) Option {
	return func(e *Explainer) error {
		e.seed, e.source = seed, SeededSource(seed)
		return nil
	}
}

// WithSource replaces the random numbers of methods, so that they can be those of
// another library.
func WithSource(s Source) Option {
	return func(e *Explainer) error {
		if s == nil {
			return fmt.Errorf("source is nil")
		}
		e.source = s
		return nil
	}
}

// DefaultMemory is what methods that try many changed copies may use at a time
// for these copies, in bytes.
const DefaultMemory = 64 << 20

// WithMemory bounds the copies that methods such as ScoreCAM, RISE or occlusion
// hold at a time, in bytes. It changes the time they take, and of what they
// return only the rounding; a single copy is always held. The default suits a processor; a GPU is faster
// with a gigabyte.
func WithMemory(bytes int64) Option {
	return func(e *Explainer) error {
		if bytes < 1 {
			return fmt.Errorf("a memory budget of %d bytes: give 1 or more", bytes)
		}
		e.memory = bytes
		return nil
	}
}

// Progress is how far a method has come in its many passes.
type Progress struct {
	Method      string
	Done, Total int
}

// WithProgress calls f between the chunks of a method that takes many passes. f
// may be called from several explanations at the same time.
func WithProgress(f func(Progress)) Option {
	return func(e *Explainer) error {
		e.progress = f
		return nil
	}
}
