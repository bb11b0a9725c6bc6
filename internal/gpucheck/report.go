package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// check is one run.
type check struct {
	settings
	peer *peer // nil: no Python
}

// table is what a step found. A step that finds something wrong returns it with an
// error.
type table struct {
	note   string
	header []string
	rows   [][]string
}

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		switch v := c.(type) {
		case float64:
			row[i] = number(v)
		default:
			row[i] = fmt.Sprint(v)
		}
	}
	t.rows = append(t.rows, row)
}

// step is one part of the check.
type step struct {
	title string
	run   func(context.Context) (table, error)
}

// number is short: three digits, and no exponent where it is large.
func number(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func (c *check) steps() []step {
	return []step{
		{"Device", c.facts},
		{"Small networks", c.networks},
		{"Parity", c.parity},
		{"Explanation against forward pass", c.ratios},
		{"Choices", c.choices},
		{"16 bits", c.reduced},
		{"Memory", c.leaks},
		{"Running out of memory", c.shortages},
		{"Two at once", c.atOnce},
	}
}

// all runs every step and prints it as soon as it is done. One that fails does not
// keep the others from running.
func (c *check) all(ctx context.Context, w io.Writer) error {
	var failed []string
	fmt.Fprintf(w, "# Torchlight on %s\n", c.device)
	for _, s := range c.steps() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t, err := s.run(ctx)
		fmt.Fprintf(w, "\n## %s\n", s.title)
		t.print(w)
		if err != nil {
			failed = append(failed, s.title)
			fmt.Fprintf(w, "\n**Failed:** %v\n", err)
		}
	}
	if len(failed) > 0 {
		fmt.Fprintf(w, "\n**%d of %d parts failed: %s.**\n", len(failed), len(c.steps()), strings.Join(failed, ", "))
		return errors.New("failed: " + strings.Join(failed, ", "))
	}
	fmt.Fprintf(w, "\nAll %d parts passed.\n", len(c.steps()))
	return nil
}

func (t table) print(w io.Writer) {
	if t.note != "" {
		fmt.Fprintf(w, "\n%s\n", t.note)
	}
	if len(t.rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n| %s |\n|%s\n", strings.Join(t.header, " | "), strings.Repeat("---|", len(t.header)))
	for _, row := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
}
