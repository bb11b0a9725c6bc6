package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type asked struct{ bytes.Buffer }

func (*asked) Close() error { return nil }

// Two rounds with two peers, by hand: ours are 1 and 2 ms, after a warm-up of 90.
func TestTurns(t *testing.T) {
	questions := &asked{}
	p := &peer{in: questions, out: bufio.NewReader(strings.NewReader(`{"ms": [3, 4, 5]}
{"ms": [7, 8, 9]}
{"ms": [6, 6, 6]}
{"ms": [1, 1, 9]}
`))}
	left := []float64{90, 1, 1, 8, 2, 0, 2}
	ours := func() (float64, error) {
		ms := left[0]
		left = left[1:]
		return ms, nil
	}
	c := passCase{Model: "toy", Layer: "conv", Batch: 2, Threads: 1}
	got, err := turns{rounds: 2, calls: 3, warmUps: 1}.take(c, ours, p, "torch_cam", "captum")
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Equal(t, taken{
		own:    []float64{1, 2},
		theirs: map[string][]float64{"torch_cam": {4, 6}, "captum": {8, 1}},
		ratios: map[string][]float64{"torch_cam": {4, 3}, "captum": {8, 0.5}},
	}, got)
	first, err := questions.ReadString('\n')
	require.NoError(t, err)
	assert.JSONEq(t, `{"what":"torch_cam","model":"toy","layer":"conv","batch":2,"threads":1,"n":3}`, first)
	assert.Equal(t, 3, strings.Count(questions.String(), "\n"))

	left = []float64{1, 1}
	_, err = turns{rounds: 1, calls: 1, warmUps: 1}.take(c, ours, p, "captum")
	require.ErrorIs(t, err, io.EOF, "the peer has gone")
	broken := errors.New("broken")
	for warmUps := range 2 {
		_, err = turns{rounds: 1, calls: 1, warmUps: warmUps}.take(c, func() (float64, error) { return 0, broken }, p)
		require.ErrorIs(t, err, broken)
	}
}
