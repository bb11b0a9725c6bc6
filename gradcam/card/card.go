package card

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// MaxBytes bounds the size of a card and of a file of labels: some hundred
// thousand classes.
const MaxBytes = 4 << 20

// Card is a model card, with the defaults of what it leaves out.
type Card struct {
	Input      Input
	Preprocess Preprocess
	// Output says what the output's numbers are.
	Output gradcam.OutputKind
	// OutputName is the output to explain when there are several, or "".
	OutputName string
	// Labels are the names of the classes, from the card or from LabelsFile.
	Labels []string
	// LabelsFile is the file of labels, relative to the card, or "".
	LabelsFile string
	// Layer and Method are what to explain and how unless told otherwise, or "".
	// Several methods have commas between, see [gradcam.ByNames].
	Layer, Method string
	// SHA256 is the checksum of the model's file in lower-case hex, or "".
	SHA256 string
	// Source and Licence are for people.
	Source, Licence string
}

// Input is what the network takes: float32 of shape [N, Channels, Height, Width].
type Input struct {
	Height, Width int
	// Channels is 3 for RGB, 1 for grey.
	Channels int
	// Range is what pixel levels 0 and 255 become before mean and deviation.
	Range [2]float64
}

// Preprocess is how a photo becomes the input, in the order of the fields.
type Preprocess struct {
	Pipeline preprocess.Kind
	// Resize is one number for the shorter side, height and width, or none.
	Resize []int
	// Crop is one number for a square, height and width, or none.
	Crop          []int
	Interpolation preprocess.Interpolation
	// Mean and Std have one number a channel, or none.
	Mean, Std []float64
}

// Error is a mistake in a card.
type Error struct {
	// File is the card's name, Line the line of the mistake, 0 if it is about
	// the whole file.
	File string
	Line int
	// Text names the key and the remedy.
	Text string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Path is where the card of a model's file lies: M.yaml for M.pt.
func Path(model string) string {
	return strings.TrimSuffix(model, filepath.Ext(model)) + ".yaml"
}

// Find reads the card beside a model's file. Having none is no error.
func Find(model string) (c Card, found bool, err error) {
	c, err = Read(Path(model))
	if errors.Is(err, fs.ErrNotExist) && !exists(Path(model)) {
		return Card{}, false, nil
	}
	return c, err == nil, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Read reads a card and the file of labels that it names.
func Read(path string) (Card, error) {
	data, err := readBounded(path)
	if err != nil {
		return Card{}, fmt.Errorf("model card: %w", err)
	}
	c, err := Parse(path, data)
	if err != nil || c.LabelsFile == "" {
		return c, err
	}
	if c.Labels, err = readLabels(filepath.Join(filepath.Dir(path), c.LabelsFile)); err != nil {
		return Card{}, fmt.Errorf("%s: labels_file: %w", path, err)
	}
	return c, nil
}

// readBounded reads a regular file of at most MaxBytes.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, MaxBytes)
	}
	return data, nil
}

// Pipeline is the card's preprocessing.
func (c Card) Pipeline() preprocess.Pipeline {
	return preprocess.Pipeline{
		Kind:          c.Preprocess.Pipeline,
		Resize:        c.Preprocess.Resize,
		Crop:          c.Preprocess.Crop,
		Interpolation: c.Preprocess.Interpolation,
		Channels:      c.Input.Channels,
		Range:         c.Input.Range,
		Mean:          c.Preprocess.Mean,
		Std:           c.Preprocess.Std,
	}
}

// Options are the card's choices for gradcam.New. Options given after them
// replace them. Of several methods an explainer gives all by ExplainAll.
func (c Card) Options() ([]gradcam.Option, error) {
	options := []gradcam.Option{
		gradcam.WithOutputKind(c.Output),
		gradcam.WithOutput(c.OutputName),
		gradcam.WithLabels(c.Labels),
	}
	if c.Layer != "" {
		options = append(options, gradcam.WithLayer(c.Layer))
	}
	if c.Method != "" {
		methods, err := gradcam.ByNames(c.Method)
		if err != nil {
			return nil, fmt.Errorf("model card: %w", err)
		}
		options = append(options, gradcam.WithMethods(methods...))
	}
	return options, nil
}
