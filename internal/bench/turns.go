package main

import (
	"time"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// side is one that is timed: ours, or a peer.
type side struct {
	name string // of its value: "torch_cam_ms"
	// time returns the milliseconds of n calls, one by one.
	time func(n int) ([]float64, error)
}

// turns is how the sides of a case are timed against each other.
type turns struct {
	// warmUps are calls that are not counted: of ours the first cuts the graph and
	// checks the cut; PyTorch's profiling executor compiles in its first two or three.
	warmUps, peerWarmUps int
	// Rounds are taken until the budget is spent, at least and at most so many.
	budget               time.Duration
	minRounds, maxRounds int
}

const (
	quick = 100 // milliseconds: a call that takes less has company in its round
	calls = 3   // of a quick one
)

// take times all sides, the first of which is ours, round by round, so that a
// machine that slows down slows all of them. Every round another one begins.
func (t turns) take(sides []side, f *figure.Figure) error {
	f.Calls = 1
	for i, s := range sides {
		n := t.peerWarmUps
		if i == 0 {
			n = t.warmUps
		}
		if n == 0 {
			continue
		}
		ms, err := s.time(n)
		if err != nil {
			return err
		}
		if i == 0 && ms[n-1] < quick && t.peerWarmUps > 0 {
			f.Calls = calls
		}
	}
	taken := make([][]float64, len(sides))
	start := time.Now()
	for f.Rounds = 0; f.Rounds < t.minRounds || f.Rounds < t.maxRounds && time.Since(start) < t.budget; f.Rounds++ {
		for k := range sides {
			i := (k + f.Rounds) % len(sides)
			ms, err := sides[i].time(f.Calls)
			if err != nil {
				return err
			}
			taken[i] = append(taken[i], figure.Median(ms))
		}
	}
	for i, s := range sides {
		ours := taken[0]
		if i == 0 {
			ours = nil
		}
		f.Set(s.name, taken[i], ours)
	}
	return nil
}
