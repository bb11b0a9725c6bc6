package main

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/bench/figure"
	"github.com/torchlight-go/torchlight/internal/bench/page"
)

// Names are unique, and whatever a goal is about is measured.
func TestCases(t *testing.T) {
	names := map[string]bool{}
	for _, m := range all() {
		assert.False(t, names[m.name], m.name)
		names[m.name] = true
	}
	for _, name := range page.CasesOfGoals() {
		assert.True(t, names[name], "the goal's case %q is none of the benchmark's", name)
	}
}

func TestGuardedMethodsExist(t *testing.T) {
	for _, g := range guardedCases() {
		_, err := gradcam.ByName(g.method)
		require.NoError(t, err)
		assert.Greater(t, g.bound, 1.0, g)
	}
}

func TestMeasureAll(t *testing.T) {
	measure := func(context.Context, *bench) (figure.Figure, error) { return figure.Figure{Rounds: 3}, nil }
	broken := errors.New("broken")
	cases := []measurement{{"short one", true, measure}, {"long one", false, measure}, {"bad", false, func(context.Context, *bench) (figure.Figure, error) {
		return figure.Figure{}, broken
	}}}
	for _, c := range []struct {
		full bool
		only string
		want []string
		says string
	}{
		{false, "", []string{"short one"}, ""},
		{false, "long", []string{"long one"}, ""},
		{true, "one", []string{"short one", "long one"}, ""},
		{true, "", []string{"short one", "long one"}, "bad: broken"},
		{false, "none", nil, `no case's name contains "none"`},
	} {
		var names []string
		err := (&bench{full: c.full}).measureAll(t.Context(), cases, c.only, func(f figure.Figure) error {
			names = append(names, f.Case)
			return nil
		})
		assert.Equal(t, c.want, names)
		if c.says == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.says)
		}
	}
	full := errors.New("disk full")
	require.ErrorIs(t, (&bench{}).measureAll(t.Context(), cases, "", func(figure.Figure) error { return full }), full)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, (&bench{}).measureAll(ctx, cases, "", nil), context.Canceled)
}

// A short run stays short; rounds can be given.
func TestTurnsOfABench(t *testing.T) {
	assert.Equal(t, 1, (&bench{}).turns(true).maxRounds)
	assert.Equal(t, 3, (&bench{full: true}).turns(true).minRounds)
	assert.Greater(t, (&bench{full: true}).turns(false).budget, (&bench{}).turns(false).budget)
	given := (&bench{full: true, rounds: 2}).turns(false)
	assert.Equal(t, 2, given.minRounds)
	assert.Equal(t, 2, given.maxRounds)
}

func TestOrdered(t *testing.T) {
	got := ordered([]figure.Figure{{Case: "gone"}, {Case: "b"}, {Case: "a"}}, []measurement{{name: "a"}, {name: "b"}})
	assert.Equal(t, []figure.Figure{{Case: "a"}, {Case: "b"}, {Case: "gone"}}, got)
}
