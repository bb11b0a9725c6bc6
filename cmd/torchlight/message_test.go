package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/internal/explain"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"torch: m.pt: no such file":                             "m.pt: no such file",
		"gradcam: torch: m.pt: no submodule x":                  "m.pt: no submodule x",
		"sample 3: gradcam: torch: m.pt: refused":               "sample 3: m.pt: refused",
		"one\ntwo\r\nthree":                                     "one; two; three",
		"load it (torch.LoadOps, --ops)":                        "load it (--ops)",
		"torch.WithoutChecksums accepts files saved so":         "--no-checksums accepts files saved so",
		"torch: m.pt: the model takes 2 input(s) (x, z), got 1": "m.pt: the model takes 2 input(s) (x, z), got 1; give further ones with --with",
		"a file named torch: it stays as it is":                 "a file named torch: it stays as it is",
		"x.png: make it smaller or raise Options.MaxBytes":      "x.png: make it smaller or name a smaller one",
	} {
		assert.Equal(t, want, line(errors.New(text)))
	}
	assert.Equal(t, "interrupted", line(context.Canceled))
	assert.Equal(t, "m.pt: interrupted", line(fmt.Errorf("torch: m.pt: %w", context.Canceled)))
}

func TestAbout(t *testing.T) {
	assert.Equal(t, "x.png: the file is empty", about("x.png", errors.New("preprocess: x.png: the file is empty")))
	assert.Equal(t, "x.png: too large", about("x.png", errors.New("too large")))
	missing := &fs.PathError{Op: "open", Path: "a/x.png", Err: fs.ErrNotExist}
	assert.Equal(t, "a/x.png: file does not exist", about("a/x.png", fmt.Errorf("preprocess: %w", missing)))
}

func TestMisuse(t *testing.T) {
	err := misuse("--size %q: %w", "x", fs.ErrInvalid)
	assert.EqualError(t, err, `--size "x": invalid argument`)
	assert.ErrorIs(t, err, explain.ErrUsage)
	assert.ErrorIs(t, err, fs.ErrInvalid)
}
