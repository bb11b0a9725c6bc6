// Command bench measures explanations against the forward pass and the Python
// peers, in one run, on the same inputs and weights.
//
//	bench --python PYTHON [--rounds N] [--only NAME] [--out build/bench.json] [--strict]
//
// Go and Python take turns, round by round, so that both see the same machine.
// A figure is the median over rounds; a ratio is the median of the rounds'
// ratios. `make bench` runs it. The last lines say which goals were missed; with
// --strict, a missed one is an error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	python := flags.String("python", "python3", "interpreter of the parity environment")
	rounds := flags.Int("rounds", 7, "rounds of each case")
	only := flags.String("only", "", "only the cases whose name contains this")
	out := flags.String("out", "build/bench.json", "where the figures go")
	strict := flags.Bool("strict", false, "fail when a goal is missed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	peer, err := startPeer(ctx, *python)
	if err != nil {
		return err
	}
	defer peer.close()

	var figures []any
	var rows []passFigure
	for _, c := range cases() {
		if !strings.Contains(c.Name, *only) {
			continue
		}
		f, err := measurePass(ctx, c, peer, *rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		fmt.Fprintf(os.Stderr, "bench: %s done\n", c.Name)
		figures, rows = append(figures, f), append(rows, f)
	}
	told := &tables{Writer: os.Stdout}
	printPasses(told, rows)
	methods, err := measureMethods(ctx, *only, peer, *rounds)
	if err != nil {
		return err
	}
	printMethods(told, methods)
	for _, f := range methods {
		figures = append(figures, f)
	}
	if *only == "" || strings.Contains("process", *only) {
		p, err := measureProcesses(ctx, *python, *rounds)
		if err != nil {
			return err
		}
		printProcesses(told, p)
		for _, f := range p {
			figures = append(figures, f)
		}
	}
	doc, err := json.MarshalIndent(figures, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(*out, append(doc, '\n'), 0o644); err != nil {
		return err
	}
	return told.sum(*strict)
}
