package explain

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/render"
)

// Config is the question. The zero value of a field leaves the choice to the
// model's card, and without a card to the defaults.
type Config struct {
	// Model is the path of the model's file; its card lies beside it.
	Model string
	// Layers are the layers to explain; their maps are fused.
	Layers []string
	// Layouts say which axes of the layers are channels and space, in the grammar of
	// gradcam.ParseLayout: one for all or one each. None finds them by shape.
	Layouts []string
	// Method is the name of the method, or several with commas between, which share
	// their passes.
	Method string
	// Options are those of the methods, as name=value.
	Options []string
	// Seed is that of the numbers that methods draw.
	Seed uint64
	// Memory bounds what methods hold of changed copies of a batch at a time, in bytes; 0 is
	// gradcam.DefaultMemory.
	Memory int64
	// AugSmooth and EigenSmooth are gradcam.WithAugSmoothing and WithEigenSmoothing.
	AugSmooth, EigenSmooth bool
	// Compat is the peer whose conventions maps follow, "" for none.
	Compat string
	// Precision is the type that the network runs in, for the record: "" and fp32 are
	// its own.
	Precision string
	// Target is what to explain, in the grammar of gradcam.ParseTarget, or one that
	// names a file: similar:FILE, dot:FILE, mask:FILE:N. "" is top1.
	Target string
	// Fusion is how the maps of several layers become one, "" the peer's or the mean.
	Fusion string
	// Input is which of the model's inputs is explained, counted from 0.
	Input int
	// With are files of further inputs of the model, .npy with one sample, which
	// every input gets.
	With []string
	// Output is which of several outputs to explain, OutputKind what its numbers
	// are, in the words of model cards.
	Output, OutputKind string
	// Labels are the names of the classes.
	Labels []string
	// Top is how many of the best classes records list.
	Top int
	// Batch is how many samples run together. 0 runs an array of up to 32 samples
	// as it comes, and photos one by one.
	Batch int
	// Workers is how many cores read, explain and draw: so many inputs are computed on
	// at a time, each on one thread of Go or in one call of the model. 0 is 1.
	Workers int
	// Passes is how many of them the model may take up at a time. 0 is 1.
	Passes int
	// Out is the folder of the results, made if need be.
	Out string
	// Style is that of overlays; nil is render.Torchlight.
	Style render.Style
	// Save are the stages to write besides the maps.
	Save []Stage
	// Orient applies the EXIF orientation of photos.
	Orient bool
	// JPEG decodes JPEGs, see preprocess.Options; nil is image/jpeg.
	JPEG func(file []byte, w, h int, rgb []uint8) bool
	// Photo changes how photos become inputs.
	Photo Overrides
	// Versions are recorded with each result.
	Versions map[string]string
	// Hopeless says of an error of the engine that it is about the question, so that
	// no input can be explained: an unknown layer, not a wrong size. It may be nil.
	Hopeless func(error) bool
	// Progress hears of methods that take many passes; it may be nil.
	Progress func(gradcam.Progress)
	// Log hears warnings; nil is silence.
	Log *slog.Logger
}

// Stage is an intermediate result.
type Stage string

// The stages, in the order of the computation.
const (
	Input      Stage = "input"
	Activation Stage = "activation"
	Gradient   Stage = "gradient"
	Output     Stage = "output"
)

// Stages are all stages.
func Stages() []Stage { return []Stage{Input, Activation, Gradient, Output} }

func (c Config) check() error {
	for _, s := range c.Save {
		if !slices.Contains(Stages(), s) {
			return misusef("there is no stage %q to save; choose from %s", s, join(Stages()))
		}
	}
	for i, l := range c.Layers {
		if l == "" {
			return misusef("a layer without a name; list the layers with `torchlight layers`")
		}
		if slices.Contains(c.Layers[:i], l) {
			return misusef("layer %s is named twice; name it once", l)
		}
	}
	if _, err := gradcam.ParseOutputKind(c.OutputKind); err != nil {
		return misuse{err}
	}
	if _, err := gradcam.ParsePeer(c.Compat); err != nil {
		return misuse{err}
	}
	if c.Fusion != "" {
		if _, err := gradcam.ParseFusion(c.Fusion); err != nil {
			return misuse{err}
		}
	}
	if c.Input < 0 || c.Input > len(c.With) {
		return misusef("there is no input %d; with %d further input(s) give 0 to %d", c.Input, len(c.With), len(c.With))
	}
	if c.Memory < 0 {
		return misusef("a memory of %d bytes; give 1 or more", c.Memory)
	}
	if c.Batch < 0 {
		return misusef("a batch of %d samples; give 1 or more", c.Batch)
	}
	if c.Workers < 0 || c.Passes < 0 {
		return misusef("%d workers and %d passes; give 1 or more", c.Workers, c.Passes)
	}
	if c.Top < 0 {
		return misusef("a list of %d classes; give 1 or more", c.Top)
	}
	return nil
}

// reduced is the precision where it is not the network's own.
func (c Config) reduced() string {
	if c.Precision == "fp32" {
		return ""
	}
	return c.Precision
}

// batch is how many samples of a file may run together.
func (c Config) batch(photo bool) int {
	switch {
	case c.Batch > 0:
		return c.Batch
	case photo:
		return 1
	}
	return 32
}

// smoothing are the words for what is smoothed.
func (c Config) smoothing() []string {
	var words []string
	if c.AugSmooth {
		words = append(words, "aug")
	}
	if c.EigenSmooth {
		words = append(words, "eigen")
	}
	return words
}

func join[S ~string](words []S) string {
	plain := make([]string, len(words))
	for i, w := range words {
		plain[i] = string(w)
	}
	return strings.Join(plain, ", ")
}
