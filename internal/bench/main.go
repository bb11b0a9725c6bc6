// Command bench measures explanations against the forward pass and the Python
// peers, in one run, on the same inputs and weights.
//
//	bench [--python PYTHON] [--full] [--only NAME [--keep]] [--rounds N] [--out FILE] [--strict]
//	bench list
//	bench page [--in FILE] [--out docs/performance.md]
//	bench guard
//
// Without a verb it measures: `make bench`, and with --full `make bench-full`. Go and Python take turns,
// round by round, so that both see the same machine; the results of the timed calls
// are compared. A figure is the median over rounds, a ratio that of the rounds'
// ratios. The last lines say which goals were missed; with --strict, a missed one is
// an error. page writes the page of the file that is left. guard needs no Python: it
// holds ratios to the plain forward pass under generous bounds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
	"github.com/torchlight-go/torchlight/internal/bench/page"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return run(ctx, args)
	}
	switch args[0] {
	case "list":
		for _, m := range all() {
			fmt.Println(m.name)
		}
		return nil
	case "page":
		return writePage(args[1:])
	case "guard":
		return guard(ctx, os.Stdout)
	}
	return fmt.Errorf("%q: give list, page, guard, or flags only", args[0])
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	python := flags.String("python", "python3", "interpreter of the parity environment")
	full := flags.Bool("full", false, "every case, with more rounds")
	rounds := flags.Int("rounds", 0, "rounds of each case at most; 0: what its budget allows")
	only := flags.String("only", "", "only the cases whose name contains this")
	keep := flags.Bool("keep", false, "keep the other figures of the file")
	out := flags.String("out", "", "where the figures go (default build/bench.json, with --full build/bench-full.json)")
	strict := flags.Bool("strict", false, "fail when a goal is missed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	name := "make bench"
	if *full {
		name = "make bench-full"
	}
	if *out == "" {
		*out = map[bool]string{false: "build/bench.json", true: "build/bench-full.json"}[*full]
	}
	p, err := startPeer(ctx, *python)
	if err != nil {
		return err
	}
	defer p.Close()
	b := &bench{python: *python, peer: p, full: *full, rounds: *rounds}
	var old, figures []figure.Figure
	if *keep {
		if old, err = figure.Read(*out); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	with := describe(name, p.ready)
	failed := b.measureAll(ctx, all(), *only, func(f figure.Figure) error {
		f.Run = with
		figures = append(figures, f)
		// An hour's work is not lost when a case fails.
		return figure.Write(*out, ordered(figure.Merge(old, figures), all()))
	})
	if err := page.Print(os.Stdout, figures); err != nil {
		return err
	}
	return errors.Join(failed, page.Goals(figures).Sum(os.Stdout, *strict))
}

func writePage(args []string) error {
	flags := flag.NewFlagSet("bench page", flag.ContinueOnError)
	in := flags.String("in", "build/bench-full.json", "figures that were measured")
	out := flags.String("out", "docs/performance.md", "where the page goes; plots go into a folder of that name beside it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	figures, err := figure.Read(*in)
	if err != nil {
		return err
	}
	return page.Write(filepath.Clean(*out), figures)
}
