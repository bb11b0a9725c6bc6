package card

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// maxExtent bounds heights and widths, as the schema does.
const maxExtent = 65535

// Parse reads a card from memory. name is what errors call it. A file of labels
// is not read.
func Parse(name string, data []byte) (Card, error) {
	r := reader{file: name}
	root, err := r.document(data)
	if err != nil {
		return Card{}, err
	}
	c := Card{
		Input:      Input{Channels: 3, Range: [2]float64{0, 1}},
		Preprocess: Preprocess{Pipeline: preprocess.PIL, Interpolation: preprocess.Bilinear},
	}
	err = r.mapping(root, "", []field{
		{"input", func(n *yaml.Node) error { return r.input(n, &c.Input) }},
		{"preprocess", func(n *yaml.Node) error { return r.preprocess(n, &c.Preprocess) }},
		{"output", func(n *yaml.Node) error { return r.output(n, &c.Output) }},
		{"output_name", func(n *yaml.Node) error { return r.name(n, "output_name", &c.OutputName) }},
		{"labels", func(n *yaml.Node) error { return r.texts(n, "labels", &c.Labels) }},
		{"labels_file", func(n *yaml.Node) error { return r.labelsFile(n, &c.LabelsFile) }},
		{"layer", func(n *yaml.Node) error { return r.name(n, "layer", &c.Layer) }},
		{"method", func(n *yaml.Node) error { return r.name(n, "method", &c.Method) }},
		{"sha256", func(n *yaml.Node) error { return r.checksum(n, &c.SHA256) }},
		{"source", func(n *yaml.Node) error { return r.text(n, "source", &c.Source) }},
		{"licence", func(n *yaml.Node) error { return r.text(n, "licence", &c.Licence) }},
	})
	if err == nil {
		err = r.agree(root, c)
	}
	if err != nil {
		return Card{}, err
	}
	return c, nil
}

// document is the only document of the file.
func (r reader) document(data []byte) (*yaml.Node, error) {
	if len(data) > MaxBytes {
		return nil, &Error{r.file, 0, "the card is larger than 4 MiB"}
	}
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &Error{r.file, 0, "the card is empty: it needs at least input: {size: [224, 224]}"}
	} else if err != nil {
		return nil, r.syntax(err)
	}
	if err := d.Decode(&more); err == nil {
		return nil, r.errorf(&more, "a second document begins here: a card is one")
	} else if !errors.Is(err, io.EOF) {
		return nil, r.syntax(err)
	}
	return doc.Content[0], nil
}

func (r reader) input(n *yaml.Node, in *Input) error {
	err := r.mapping(n, "input", []field{
		{"size", func(n *yaml.Node) error {
			var size []int
			err := r.heightWidth(n, "input.size", &size)
			if err == nil {
				in.Height, in.Width = size[0], size[1]
			}
			return err
		}},
		{"channels", func(n *yaml.Node) error {
			if err := r.integer(n, "input.channels", 1, 3, &in.Channels); err != nil || in.Channels != 2 {
				return err
			}
			return r.errorf(n, "input.channels: 2 is neither 3 (RGB) nor 1 (grey)")
		}},
		{"range", func(n *yaml.Node) error {
			var limits []float64
			if err := r.numbers(n, "input.range", &limits); err != nil {
				return err
			}
			if len(limits) != 2 || limits[0] >= limits[1] {
				return r.errorf(n, "input.range: want what levels 0 and 255 become, in rising order, as [0, 1]")
			}
			in.Range = [2]float64(limits)
			return nil
		}},
	})
	if err == nil && in.Height == 0 {
		return r.errorf(n, "input.size is missing: give the height and width of the network's input, as [224, 224]")
	}
	return err
}

func (r reader) preprocess(n *yaml.Node, p *Preprocess) error {
	return r.mapping(n, "preprocess", []field{
		{"pipeline", func(n *yaml.Node) error {
			return oneOf(r, n, "preprocess.pipeline", &p.Pipeline, preprocess.PIL, preprocess.Tensor)
		}},
		{"resize", func(n *yaml.Node) error { return r.extent(n, "preprocess.resize", &p.Resize) }},
		{"crop", func(n *yaml.Node) error { return r.extent(n, "preprocess.crop", &p.Crop) }},
		{"interpolation", func(n *yaml.Node) error {
			return oneOf(r, n, "preprocess.interpolation", &p.Interpolation, preprocess.Bilinear, preprocess.Bicubic, preprocess.Nearest)
		}},
		{"mean", func(n *yaml.Node) error { return r.numbers(n, "preprocess.mean", &p.Mean) }},
		{"std", func(n *yaml.Node) error {
			if err := r.numbers(n, "preprocess.std", &p.Std); err != nil {
				return err
			}
			for _, s := range p.Std {
				if float32(s) <= 0 {
					return r.errorf(n, "preprocess.std: %g is not above 0", s)
				}
			}
			return nil
		}},
	})
}

func (r reader) output(n *yaml.Node, kind *gradcam.OutputKind) error {
	var word string
	if err := oneOf(r, n, "output", &word, "logits", "probabilities", "sigmoid"); err != nil {
		return err
	}
	var err error
	*kind, err = gradcam.ParseOutputKind(word)
	return err
}

func (r reader) labelsFile(n *yaml.Node, path *string) error {
	if err := r.name(n, "labels_file", path); err != nil {
		return err
	}
	if !filepath.IsLocal(*path) {
		return r.errorf(n, "labels_file: %q does not lie beside the card", *path)
	}
	return nil
}

func (r reader) checksum(n *yaml.Node, sum *string) error {
	if err := r.text(n, "sha256", sum); err != nil {
		return err
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(*sum) {
		return r.errorf(n, "sha256: want 64 lower-case hex digits, as sha256sum prints them")
	}
	return nil
}

// agree checks what no single key can say.
func (r reader) agree(root *yaml.Node, c Card) error {
	at := func(path string) *yaml.Node { return find(root, strings.Split(path, ".")) }
	if c.Input.Height == 0 {
		return r.errorf(root, "input is missing: give at least its size, as input: {size: [224, 224]}")
	}
	if c.Labels != nil && c.LabelsFile != "" {
		return r.errorf(at("labels_file"), "labels_file: the card has labels already: give one of the two")
	}
	for _, s := range []struct {
		key    string
		values []float64
	}{{"preprocess.mean", c.Preprocess.Mean}, {"preprocess.std", c.Preprocess.Std}} {
		if n := len(s.values); n != 0 && n != c.Input.Channels {
			return r.errorf(at(s.key), "%s: %d numbers for %d channels: give one a channel", s.key, n, c.Input.Channels)
		}
	}
	// What the photo is cut to, or stretched to, is what the network takes.
	for _, s := range []struct {
		key  string
		size []int
	}{{"preprocess.crop", square(c.Preprocess.Crop)}, {"preprocess.resize", c.Preprocess.Resize}} {
		if len(s.size) != 2 {
			continue
		}
		if s.size[0] != c.Input.Height || s.size[1] != c.Input.Width {
			return r.errorf(at(s.key), "%s: gives an input of %v, but input.size is [%d %d]", s.key, s.size, c.Input.Height, c.Input.Width)
		}
		break
	}
	return nil
}

// square spells out the two sides of a square crop.
func square(crop []int) []int {
	if len(crop) == 1 {
		return []int{crop[0], crop[0]}
	}
	return crop
}
