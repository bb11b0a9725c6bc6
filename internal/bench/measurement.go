package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// measurement is one case of the benchmark. To add one, append it in all.
type measurement struct {
	name string // unique, and the figure's; what --only looks in
	// short says that `make bench` has it too; `make bench-full` has all.
	short   bool
	measure func(ctx context.Context, b *bench) (figure.Figure, error)
}

// all lists every case in the order in which it is measured: by model where that
// saves loading.
func all() []measurement {
	// Processes come first: once the peer has grown to gigabytes, memory that a new
	// process asks for takes longer to get.
	return slices.Concat(processes(), folders(), firstCalls(), lateLayers(), otherLayers(), methods(), throughput(), curves())
}

// bench is what measurements share.
type bench struct {
	python string // interpreter of the parity environment
	peer   *peer
	full   bool
	rounds int // at most, 0 for the default
}

// turns are those of a case: a run in full takes its time.
func (b *bench) turns(slow bool) turns {
	t := turns{warmUps: 3, peerWarmUps: 3, budget: 3 * time.Second, minRounds: 3, maxRounds: 15}
	if b.full {
		t.budget = 5 * time.Second
	}
	if slow {
		// The peers' thousand passes are their own warm-up.
		t.warmUps, t.peerWarmUps, t.minRounds, t.maxRounds = 1, 0, 1, 1
		if b.full {
			t.minRounds, t.maxRounds = 3, 3
		}
	}
	if b.rounds > 0 {
		t.minRounds, t.maxRounds = min(t.minRounds, b.rounds), min(t.maxRounds, b.rounds)
	}
	return t
}

// measureAll measures the cases whose name contains only, and hands each figure to
// keep when it is there. A case that fails is left out, and named in the error.
func (b *bench) measureAll(ctx context.Context, cases []measurement, only string, keep func(figure.Figure) error) error {
	var failed []error
	found := false
	for _, m := range cases {
		if !strings.Contains(m.name, only) || !m.short && !b.full && only == "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		found = true
		start := time.Now()
		f, err := m.measure(ctx, b)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", m.name, err))
			fmt.Fprintf(os.Stderr, "bench: %v\n", failed[len(failed)-1])
			continue
		}
		f.Case = m.name
		if err := keep(f); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "bench: %s, %.0f s\n", m.name, time.Since(start).Seconds())
	}
	if !found {
		return fmt.Errorf("no case's name contains %q: scripts/bench list lists them", only)
	}
	return errors.Join(failed...)
}

// ordered are figures in the order of the cases; those of cases that are no more come
// last.
func ordered(figures []figure.Figure, cases []measurement) []figure.Figure {
	place := map[string]int{}
	for i, m := range cases {
		place[m.name] = i - len(cases) // below 0, which others have
	}
	slices.SortStableFunc(figures, func(a, b figure.Figure) int { return cmp.Compare(place[a.Case], place[b.Case]) })
	return figures
}
