package main

import (
	"encoding/json"
	"fmt"
	"io"
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
			"Of methods that are named it tells the options as well.",
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

// listMethods prints a table for each family.
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
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Method, r.Passes, r.Summary)
	}
	return w.Flush()
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
			fmt.Fprintf(out, "  --option %s=... %s\n", o.Name, o.Takes)
		}
	}
	return nil
}
