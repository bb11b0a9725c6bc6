package gradcam

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Each reduction beside its slow twin, for every rest of a division by four.
func TestReductions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 23 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			values := make([]float32, n)
			for i := range values {
				values[i] = float32(random.NormFloat64())
			}
			low, high, sum := plainReductions(values)
			gotLow, gotHigh := extremes(values)
			assert.Equal(t, [2]float32{low, high}, [2]float32{gotLow, gotHigh})
			assert.Equal(t, math.Max(math.Abs(float64(low)), math.Abs(float64(high))), largest(values))
			assert.InDelta(t, sum, total(values), 1e-14)
			assert.True(t, allFinite(values))
			for i, v := range values {
				for _, odd := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
					values[i] = float32(odd)
					assert.False(t, allFinite(values), "%v at %d", odd, i)
					low, high, _ := plainReductions(values)
					gotLow, gotHigh := extremes(values)
					assert.Equal(t, fmt.Sprint(low, high), fmt.Sprint(gotLow, gotHigh), "%v at %d", odd, i)
				}
				values[i] = v
			}
		})
	}
}

func plainReductions(values []float32) (low, high float32, sum float64) {
	for i, v := range values {
		if i == 0 {
			low, high = v, v
		}
		low, high, sum = min(low, v), max(high, v), sum+float64(v)
	}
	return low, high, sum
}

// The largest differences of finite numbers are finite, and so are sums of zeros.
func TestAllFiniteAtTheLimits(t *testing.T) {
	assert.True(t, allFinite([]float32{math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, math.MaxFloat32, math.MaxFloat32}))
}

// highest is the head of a stable sort, of equal values and NaN too.
func TestHighest(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for n := range 40 {
		z := make([]float64, n)
		for range 20 {
			for i := range z {
				z[i] = float64(random.IntN(5))
				if random.IntN(9) == 0 {
					z[i] = math.NaN()
				}
			}
			for k := range n + 1 {
				assert.Equal(t, descending(z)[:k], highest(z, k), "%v", z)
			}
		}
	}
}
