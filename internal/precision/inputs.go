package precision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/npy"
)

// Read makes a batch of every file: a photo as the model's card says, or as for
// ImageNet where there is none, and an array (.npy) as it is.
func Read(model string, files []string) ([]engine.Array, error) {
	c, found, err := card.Find(model)
	if err != nil {
		return nil, err
	}
	pipeline := preprocess.ImageNet(3)
	if found {
		pipeline = c.Pipeline()
	}
	batches := make([]engine.Array, len(files))
	for i, file := range files {
		if err := isFile(file); err != nil {
			return nil, err
		}
		if strings.EqualFold(filepath.Ext(file), ".npy") {
			batches[i], err = npy.ReadFile(file)
		} else {
			batches[i], err = photo(pipeline, file)
		}
		if err != nil {
			return nil, err
		}
	}
	return batches, nil
}

// isFile says plainly what readers of photos and arrays would say in the system's words.
func isFile(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w; check the path", name, fs.ErrNotExist)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s: a folder; name the files in it", name)
	}
	return nil
}

func photo(p preprocess.Pipeline, file string) (engine.Array, error) {
	picture, err := preprocess.DecodeFile(file, preprocess.Options{})
	if err != nil {
		return engine.Array{}, err
	}
	in, err := p.Apply(picture)
	if err != nil {
		return engine.Array{}, fmt.Errorf("%s: %w", file, err)
	}
	return in.Array(), nil
}
