package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/explain"
)

func newMethods() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "methods [flags] [METHOD...]",
		Short: "List the methods, what they need and what they cost",
		Long: "Lists the methods by family: the passes through the network that one explanation takes, and what the method does.\n" +
			"Of methods that are named it tells what the counts leave out, and the options with their defaults.",
		RunE: func(c *cobra.Command, names []string) error {
			rows, err := explain.Methods(names...)
			switch {
			case err != nil:
				return err
			case asJSON:
				return json.NewEncoder(c.OutOrStdout()).Encode(rows)
			case len(names) > 0:
				return tellMethods(c.OutOrStdout(), rows)
			}
			return listMethods(c.OutOrStdout(), rows)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			return completeMethods(c, args, strings.ReplaceAll(typed, ",", ""))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list")
	return c
}

// listMethods prints a table for each family. It keeps to some 120 columns: what the
// counts leave out stands in notes, which tellMethods prints.
func listMethods(out io.Writer, rows []explain.MethodRow) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	family := gradcam.Family("")
	for _, r := range rows {
		if r.Family != family {
			if family != "" {
				fmt.Fprintln(w)
			}
			family = r.Family
			fmt.Fprintf(w, "%s\tPASSES\t\n", strings.ToUpper(string(family)))
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Method, counts(r), r.Summary)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nPASSES: forward + backward through the whole network; tail: after the layer and back; a channel,\n"+
		"a place: after the layer, for each of its own; whole a channel, a feature: through the network, for each;\n"+
		"...: and more, which `torchlight methods METHOD` tells, as it does the options.")
	return err
}

// counts are "1 + 1, 1 a channel ...".
func counts(r explain.MethodRow) string {
	text := strconv.Itoa(r.Forward)
	if r.Backward > 0 {
		text += fmt.Sprintf(" + %d", r.Backward)
	}
	for _, part := range []struct {
		n    int
		unit string
	}{
		{r.Tail, "tail"}, {r.PerChannel, "a channel"}, {r.PerPosition, "a place"},
		{r.ForwardPerChannel, "whole a channel"}, {r.ForwardPerFeature, "a feature"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.unit)
		}
	}
	if r.Note != "" {
		text += " ..."
	}
	return text
}

// tellMethods prints all about some.
func tellMethods(out io.Writer, rows []explain.MethodRow) error {
	for i, r := range rows {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s: %s\n  family: %s\n  needs: %s\n  passes: %s\n", r.Method, r.Summary, r.Family, strings.Join(r.Needs, ", "), r.Passes)
		if r.Note != "" {
			fmt.Fprintf(out, "  note: %s\n", r.Note)
		}
		for _, o := range r.Options {
			fmt.Fprintf(out, "  --option %s=... (default: %s)\n      %s: %s\n", o.Name, o.Default, o.Meaning, o.Takes)
		}
	}
	return nil
}
