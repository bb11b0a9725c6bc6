package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/gradcam"
)

// methodRow is one method and what it takes.
type methodRow struct {
	Method   string `json:"method"`
	Needs    string `json:"needs"`
	Forward  int    `json:"forward"`
	Backward int    `json:"backward"`
	Note     string `json:"note,omitempty"`
}

func newMethods() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "methods",
		Short: "List the methods, what they need and what they cost",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			var rows []methodRow
			for _, m := range gradcam.Methods() {
				n := m.Needs()
				rows = append(rows, methodRow{m.Name(), needs(n), n.Cost.Forward, n.Cost.Backward, n.Cost.Note})
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(rows)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "METHOD\tNEEDS\tFORWARD\tBACKWARD\tNOTE")
			for _, r := range rows {
				fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\n", r.Method, r.Needs, r.Forward, r.Backward, r.Note)
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list")
	return c
}

// needs names what a method asks of the engine.
func needs(n gradcam.Needs) string {
	var words []string
	for _, need := range []struct {
		word string
		is   bool
	}{
		{"layer", n.Layer}, {"gradient", n.Gradient}, {"input gradient", n.Input}, {"second order", n.SecondOrder},
		{"re-runs", n.Rerun || n.RerunGrad}, {"biases", n.Biases}, {"predictions", n.Predict}, {"seed", n.Random},
	} {
		if need.is {
			words = append(words, need.word)
		}
	}
	return strings.Join(words, ", ")
}

func methodNames() []string {
	var names []string
	for _, m := range gradcam.Methods() {
		names = append(names, m.Name())
	}
	return names
}
