package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/internal/explain"
)

type layersFlags struct {
	modelFlags
	size     string
	channels int
	with     []string
	json     bool
}

func newLayers() *cobra.Command {
	f := &layersFlags{}
	c := &cobra.Command{
		Use:   "layers --model M.pt [flags]",
		Short: "List the layers that can be explained, and which one would be",
		Long: "Runs the model once and lists every call of a submodule: what to name after --layer, its class and what it returns.\n" +
			"A frozen file has no submodules left; its nodes are listed.",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.add(c)
	fl := c.Flags()
	fl.StringVar(&f.size, "size", "", "size of the input to run with, `N` or H,W (default: the card's, or 224)")
	fl.IntVar(&f.channels, "channels", 0, "channels of that input, `C` (default: the card's, or what the model takes)")
	fl.StringArrayVar(&f.with, "with", nil, "`FILE` of a further input of the model, .npy with a first axis of 1; may be repeated")
	_ = c.MarkFlagFilename("with", "npy")
	fl.BoolVar(&f.json, "json", false, "print a JSON object")
	return c
}

func (f *layersFlags) run(c *cobra.Command) error {
	size, err := f.inputSize()
	if err != nil {
		return err
	}
	device, err := f.prepare(1)
	if err != nil {
		return err
	}
	m, err := f.load(device)
	if err != nil {
		return err
	}
	defer m.Close()
	var tree []explain.Submodule
	for _, s := range m.Submodules() {
		tree = append(tree, explain.Submodule{Path: s.Path, Type: s.Type})
	}
	table, err := explain.Layers(c.Context(), f.model, m, tree, size)
	if len(table.Layers) == 0 && err != nil {
		return err
	}
	table.Why = line(errors.New(table.Why))
	if f.json {
		return errors.Join(err, json.NewEncoder(c.OutOrStdout()).Encode(table))
	}
	return errors.Join(err, printLayers(c.OutOrStdout(), table))
}

func (f *layersFlags) inputSize() (explain.InputSize, error) {
	sides, err := parseSize("size", f.size)
	if err != nil {
		return explain.InputSize{}, err
	}
	if f.channels < 0 {
		return explain.InputSize{}, misuse("--channels %d; give 1 or more", f.channels)
	}
	size := explain.InputSize{Channels: f.channels, With: f.with}
	if len(sides) > 0 {
		size.Height, size.Width = sides[0], sides[len(sides)-1]
	}
	return size, nil
}

func printLayers(out io.Writer, table explain.LayerTable) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "  LAYER\tTYPE\tOUTPUT\tLAYOUT\tCALLS")
	for _, l := range table.Layers {
		mark := " "
		if l.Default {
			mark = "*"
		}
		fmt.Fprintf(w, "%s %s\t%s\t%s\t%s\t%s\n", mark, l.Address, l.Type, shapes(l.Outputs), layouts(l.Outputs), calls(l, table.Input != nil))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var err error
	switch {
	case table.Input == nil: // the error says why
	case table.Default == "":
		_, err = fmt.Fprintf(out, "No layer is explained by default: %s\n", table.Why)
	default:
		_, err = fmt.Fprintf(out, "* is explained by default: %s.\n", table.Why)
	}
	return err
}

// shapes is "1x64x7x7", with the names of several tensors.
func shapes(outputs []explain.Tensor) string {
	if len(outputs) == 0 {
		return "-"
	}
	words := make([]string, len(outputs))
	for i, o := range outputs {
		words[i] = strings.Trim(strings.ReplaceAll(fmt.Sprint(o.Shape), " ", "x"), "[]")
		if o.Name != "" {
			words[i] = ":" + o.Name + " " + words[i]
		}
		if o.DType != "float32" {
			words[i] += " " + o.DType
		}
	}
	return strings.Join(words, ", ")
}

// layouts are those of the tensors, as --layout takes them.
func layouts(outputs []explain.Tensor) string {
	var words []string
	for _, o := range outputs {
		if o.Layout != "" {
			words = append(words, o.Layout)
		}
	}
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(slices.Compact(words), ", ")
}

// calls tells the number of calls and what is unusual about this one.
func calls(l explain.LayerRow, known bool) string {
	if !known {
		return "-"
	}
	s := fmt.Sprint(l.Calls)
	if l.Method != "" && l.Method != "forward" {
		s += " of " + l.Method
	}
	if l.Conditional {
		s += ", in a branch or loop"
	}
	return s
}
