package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// script is a side whose calls take what is written down, and an order of who was
// called.
type script struct {
	name  string
	left  []float64
	order *[]string
}

func (s *script) side() side {
	return side{s.name + "_ms", func(n int) ([]float64, error) {
		if len(s.left) < n {
			return nil, errors.New(s.name + " has no more")
		}
		ms := s.left[:n]
		s.left = s.left[n:]
		*s.order = append(*s.order, s.name)
		return ms, nil
	}}
}

// Two rounds by hand, after a warm-up of 90: of three calls each the median counts.
func TestTurns(t *testing.T) {
	var order []string
	own := &script{"torchlight", []float64{90, 1, 1, 8, 2, 0, 2}, &order}
	peer := &script{"torch_cam", []float64{70, 3, 4, 5, 6, 6, 6}, &order}
	var f figure.Figure
	require.NoError(t, turns{warmUps: 1, peerWarmUps: 1, minRounds: 2, maxRounds: 2}.take([]side{own.side(), peer.side()}, &f))
	assert.Equal(t, 2, f.Rounds)
	assert.Equal(t, 3, f.Calls)
	assert.Equal(t, figure.QuartilesOf([]float64{1, 2}), f.Values[figure.Own])
	assert.Equal(t, figure.QuartilesOf([]float64{4, 6}), f.Values["torch_cam_ms"])
	assert.Equal(t, map[string]figure.Quartiles{"torch_cam_ms": figure.QuartilesOf([]float64{4, 3})}, f.Ratios)
	assert.Equal(t, []string{"torchlight", "torch_cam", "torchlight", "torch_cam", "torch_cam", "torchlight"}, order, "another one begins each round")
}

// A method of many passes has quick calls of ours only, and no company for them.
func TestTurnsOfManyPasses(t *testing.T) {
	var order []string
	own, peer := &script{"torchlight", []float64{300, 40}, &order}, &script{"pytorch_grad_cam", []float64{9000}, &order}
	var f figure.Figure
	require.NoError(t, turns{warmUps: 1, minRounds: 1, maxRounds: 1}.take([]side{own.side(), peer.side()}, &f))
	assert.Equal(t, 1, f.Calls)
	assert.InDelta(t, 225, f.Ratios["pytorch_grad_cam_ms"].Median, 1e-9, "the first of ours is not counted")
}

// A call of a tenth of a second or more is alone in its round, and rounds end with the budget.
func TestTurnsOfSlowCalls(t *testing.T) {
	var order []string
	long := make([]float64, 9)
	for i := range long {
		long[i] = 100
	}
	for _, c := range []struct {
		how    turns
		rounds int
	}{
		{turns{warmUps: 1, peerWarmUps: 1, minRounds: 3, maxRounds: 5}, 3},
		{turns{warmUps: 1, peerWarmUps: 1, minRounds: 3, maxRounds: 5, budget: time.Hour}, 5},
		{turns{warmUps: 1, minRounds: 1, maxRounds: 1}, 1},
	} {
		own := &script{"torchlight", long, &order}
		var f figure.Figure
		require.NoError(t, c.how.take([]side{own.side()}, &f))
		assert.Equal(t, c.rounds, f.Rounds)
		assert.Equal(t, 1, f.Calls)
	}
}

func TestTurnsThatFail(t *testing.T) {
	var order []string
	for warmUps := range 2 {
		own, peer := &script{"torchlight", []float64{1, 1, 1, 1}, &order}, &script{"captum", make([]float64, warmUps), &order}
		err := turns{warmUps: warmUps, peerWarmUps: warmUps, minRounds: 1, maxRounds: 1}.take([]side{own.side(), peer.side()}, &figure.Figure{})
		require.EqualError(t, err, "captum has no more")
	}
}
