package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// errMissed is that of --strict.
var errMissed = errors.New("goals were missed")

// tables passes tables on and remembers their lines, to sum up the verdicts in them.
type tables struct {
	io.Writer
	text strings.Builder
}

func (t *tables) Write(b []byte) (int, error) {
	t.text.Write(b) // never fails
	return t.Writer.Write(b)
}

// sum prints how many goals were met and the lines of those that were not. With
// strict these are an error.
func (t *tables) sum(strict bool) error {
	met, missed := 0, 0
	var lines []string
	for _, line := range strings.Split(t.text.String(), "\n") {
		met += strings.Count(line, "x+")
		if n := strings.Count(line, "x!"); n > 0 {
			missed += n
			lines = append(lines, line)
		}
	}
	fmt.Fprintf(t.Writer, "\ngoals: %d met, %d missed\n", met, missed)
	for _, line := range lines {
		fmt.Fprintln(t.Writer, "missed: "+line)
	}
	if strict && missed > 0 {
		return fmt.Errorf("%d %w", missed, errMissed)
	}
	return nil
}
