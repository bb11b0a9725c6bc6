package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/torchlight-go/torchlight/internal/explain"
)

// misuse is an error about the command line.
func misuse(format string, args ...any) error {
	return fmt.Errorf("%w%w", silent{explain.ErrUsage}, fmt.Errorf(format, args...))
}

// silent is an error that is there to be found by errors.Is, not to be read.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// line is an error as the user reads it: one line, in the words of the command
// line, without the names of the packages it came through.
func line(err error) string {
	text := strings.NewReplacer(
		context.Canceled.Error(), "interrupted",
		"torch.LoadOps, --ops", "--ops",
		"torch.WithoutChecksums accepts", "--no-checksums accepts",
		"raise Options.MaxPixels", "name a smaller one",
		"raise Options.MaxBytes", "name a smaller one",
	).Replace(err.Error())
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if moreInputs().MatchString(text) {
		text += "; give further ones with --with"
	}
	return packages().ReplaceAllString(text, "$1")
}

// moreInputs matches an error about the number of the model's arguments.
func moreInputs() *regexp.Regexp {
	return regexp.MustCompile(`the model takes \d+ input\(s\) \([^)]*\), got \d+$`)
}

// packages matches the names of packages that errors are prefixed with.
func packages() *regexp.Regexp {
	return regexp.MustCompile(`(^|: )(?:(?:torch|gradcam|preprocess|npy|card|render|cgo|engine): )+`)
}

// about is an error about an input, which it names once.
func about(input string, err error) string {
	text := line(err)
	for _, verb := range []string{"open ", "stat ", "read "} {
		text = strings.Replace(text, verb+input+": ", input+": ", 1)
	}
	if strings.Contains(text, input) {
		return text
	}
	return input + ": " + text
}
