package gradcam

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plainPrincipal is X v of the centred [places][channels], with v by one-sided
// Jacobi rotations of the columns (Hestenes 1958): slow, and as accurate as
// float64 allows however close the singular values are.
func plainPrincipal(a [][]float64) []float64 {
	x := make([][]float64, len(a)) // [channel][place], rotated until orthogonal
	for k := range a {
		mean := 0.0
		for _, v := range a[k] {
			mean += v / float64(len(a[k]))
		}
		for _, v := range a[k] {
			x[k] = append(x[k], v-mean)
		}
	}
	total := 0.0
	for _, column := range x {
		total += dot(column, column)
	}
	for rotated := true; rotated; {
		rotated = false
		for i := range x {
			for j := range i {
				p, q, r := dot(x[j], x[j]), dot(x[i], x[i]), dot(x[i], x[j])
				if math.Abs(r) <= 1e-14*math.Sqrt(p*q)+1e-18*total { // the second for columns that are zero
					continue
				}
				rotated = true
				theta := 0.5 * math.Atan2(2*r, p-q)
				for place := range x[i] {
					u, v := x[j][place], x[i][place]
					x[j][place] = math.Cos(theta)*u + math.Sin(theta)*v
					x[i][place] = math.Cos(theta)*v - math.Sin(theta)*u
				}
			}
		}
	}
	best := x[0]
	for _, column := range x {
		if dot(column, column) > dot(best, best) {
			best = column
		}
	}
	orient(best)
	return best
}

func TestPrincipalEqualsItsPlainTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct{ channels, h, w int }{{40, 7, 7}, {8, 7, 7}, {49, 7, 7}, {2, 14, 14}, {6, 1, 2}, {1, 3, 3}} {
		v := random(rng, 1, c.channels, c.h, c.w)
		want := plainPrincipal(channels(v, 0))
		got := principal(v.Data, c.channels)
		assert.InDeltaSlice(t, want, got, 1e-9, "%v", c)
	}
}

// spectrum is [channels, places] with given singular values, centred.
func spectrum(rng *rand.Rand, channels, places int, sigma ...float64) []float32 {
	basis := func(n int, centre bool) [][]float64 {
		var all [][]float64
		for range sigma {
			u := make([]float64, n)
			for i := range u {
				u[i] = rng.NormFloat64()
			}
			ones := make([]float64, n)
			for i := range ones {
				ones[i] = 1 / math.Sqrt(float64(n))
			}
			others := all
			if centre {
				others = append([][]float64{ones}, all...)
			}
			for range 2 {
				for _, o := range others {
					d := dot(u, o)
					for i := range u {
						u[i] -= d * o[i]
					}
				}
			}
			norm := math.Sqrt(dot(u, u))
			for i := range u {
				u[i] /= norm
			}
			all = append(all, u)
		}
		return all
	}
	left, right := basis(places, true), basis(channels, false)
	x := make([]float32, channels*places)
	for i, s := range sigma {
		for c := range channels {
			for p := range places {
				x[c*places+p] += float32(s * left[i][p] * right[i][c])
			}
		}
	}
	return x
}

// Two leading singular values a thousandth apart: float32 rounding of the matrix
// alone moves the vector by about 1e-4, so twin and fast path get the same
// rounded numbers.
func TestPrincipalWithCloseSingularValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, gap := range []float64{1e-2, 1e-3, 1e-4} {
		for _, channels := range []int{20, 64, 100} {
			x := spectrum(rng, channels, 36, 10, 10*(1-gap), 3, 1)
			v := View{N: 1, C: channels, Space: []int{6, 6}, Data: x}
			want := plainPrincipal(channelsOf(v))
			assert.InDeltaSlice(t, want, principal(x, channels), 1e-6, "gap %g, %d channels", gap, channels)
		}
	}
}

func channelsOf(v View) [][]float64 { return channels(v, 0) }

func TestPrincipalOfDegenerateMatrices(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name     string
		x        []float32
		channels int
		want     []float64
	}{
		{"zeros", make([]float32, 8), 2, make([]float64, 4)},
		{"1x1", []float32{3, 4, 5}, 3, []float64{0}},
		{"constant channels, whose mean rounds", []float32{0.1, 0.1, 0.1, 0.7, 0.7, 0.7}, 2, []float64{0, 0, 0}},
		{"one channel", []float32{1, 2, 6}, 1, []float64{-2, -1, 3}},
		{"one channel, largest below the mean", []float32{6, 5, 1}, 1, []float64{-2, -1, 3}},
		{"NaN counts as zero", []float32{nan, 3, 0, 3}, 1, []float64{1.5, -1.5, 1.5, -1.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := principal(c.x, c.channels)
			assert.InDeltaSlice(t, c.want, got, 1e-12)
		})
	}
	for _, v := range principal([]float32{inf, 1, 2, 3}, 2) {
		require.True(t, math.IsNaN(v), "an infinity is refused as a map that is not finite")
	}
}
