package torch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The formula of footprint where moments of 100 + 2n and 10 + 7n bytes follow each
// other.
func TestFootprintFormula(t *testing.T) {
	var f footprint
	took := func(rows int) taken {
		return taken{rows: rows, running: int64(max(100+2*rows, 10+7*rows))}
	}
	assert.Zero(t, f.largest("x").each(), "nothing is known")
	for _, m := range []int{1, 2, 5, 3, 20, 4} {
		f.learn("x", took(m))
		ran := f.largest("x")
		for _, n := range []int{m, 20, 21, 100, 1000} {
			if n >= ran.rows {
				assert.GreaterOrEqual(t, int64(n)*ran.each(), took(n).running, "%d rows, of %d", n, ran.rows)
			}
		}
	}
	assert.Equal(t, took(20), f.largest("x"), "the most rows tell the most")
	assert.Equal(t, int64(8), f.largest("x").each())
	f.learn("x", taken{rows: 20, running: 148})
	assert.Equal(t, int64(148), f.largest("x").peak(), "the last run of a size counts")

	// Backward comes on top of what the pass holds.
	f.learn("y", taken{rows: 4, running: 50, held: 30})
	f.backward("y", 4, 25)
	assert.Equal(t, int64(55), f.largest("y").peak())
	f.backward("y", 3, 1000)
	f.learn("y", taken{rows: 4, running: 50, held: 30})
	assert.Equal(t, int64(55), f.largest("y").peak(), "a pass that never went backward says nothing about it")
}

func TestFootprintForgets(t *testing.T) {
	var f footprint
	for i := range 10 * mostShapes {
		f.learn(strings.Repeat("x", i), taken{rows: 1, running: 1})
	}
	assert.Len(t, f.known, mostShapes)
	assert.Positive(t, f.largest(strings.Repeat("x", 10*mostShapes-1)).each())
	f.backward("unknown", 1, 1)
	f.backward("", 0, 1)
	f.learn("empty", taken{})
	assert.Len(t, f.known, mostShapes)
	assert.Zero(t, f.largest("empty").each())
}

func TestFootprintRefuses(t *testing.T) {
	var f footprint
	f.learn("x", taken{rows: 1, running: 10 << 20})
	f.learn("x", taken{rows: 2, running: 16 << 20})
	limited := options{memory: 50 << 20}
	require.NoError(t, f.refuse(limited, "model.pt", "x", 4))
	err := f.refuse(limited, "model.pt", "x", 5)
	require.ErrorIs(t, err, ErrOutOfMemory)
	assert.Equal(t, "torch: model.pt: a batch of 5 takes about 60 MB besides the weights, and there is room for 50 MB; give at most 4 at a time", err.Error())
	err = f.refuse(options{memory: 1 << 20}, "model.pt", "x", 1)
	assert.ErrorContains(t, err, "free memory, or give smaller inputs")
	require.NoError(t, f.refuse(limited, "model.pt", "y", 1<<20), "nothing is known of these shapes")

	require.NoError(t, f.refuse(options{}, "model.pt", "x", 2))
	require.ErrorIs(t, f.refuse(options{}, "model.pt", "x", 1<<30), ErrOutOfMemory, "no machine has room for that")
}
