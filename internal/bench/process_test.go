package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

func TestRunProcess(t *testing.T) {
	u, err := runProcess(t.Context(), []string{"sh", "-c", "test $OMP_NUM_THREADS = 1"})
	require.NoError(t, err)
	assert.Positive(t, u.ms)
	assert.Positive(t, u.mb)
	_, err = runProcess(t.Context(), []string{"sh", "-c", "echo no model; exit 3"})
	require.ErrorContains(t, err, "exit status 3: no model")
}

// Both commands run once uncounted, then in turn.
func TestProcesses(t *testing.T) {
	p, _ := answering("{}")
	b := &bench{peer: p, rounds: 2}
	var folder string
	f, err := b.processes(t.Context(), "toy", func(out string) (own, theirs []string) {
		folder = out
		return []string{"sh", "-c", "echo o >> " + out + "/order; test -d " + out}, []string{"sh", "-c", "echo t >> " + out + "/order; test $(wc -l < " + out + "/order) -le 6"}
	})
	require.NoError(t, err, "six calls in all")
	assert.NoDirExists(t, folder)
	assert.Equal(t, 2, f.Rounds)
	for _, name := range []string{figure.Own, "torchlight_mb", "python_ms", "python_mb"} {
		assert.Positive(t, f.Values[name].Median, name)
	}
	assert.Contains(t, f.Ratios, "python_mb")
}
