package gradcam

import "math/rand/v2"

// Source draws the random numbers of methods. A draw is named by its number,
// which the method documents, and by the sample it is for, so that the result
// depends neither on the order of calls nor on the size of chunks. It must be
// safe for concurrent use, and give the same numbers for the same names.
//
// A Source of your own replays what another library drew.
type Source interface {
	// Normal fills dst with standard normal numbers.
	Normal(draw, sample int, dst []float32)
	// Uniform fills dst with numbers from 0 to 1, 1 excluded.
	Uniform(draw, sample int, dst []float32)
	// Permutation returns the numbers below n in random order.
	Permutation(draw, sample, n int) []int
}

// SeededSource draws from PCG generators, one a draw. All samples get the same
// numbers, so a sample is explained alike alone and within any batch.
func SeededSource(seed uint64) Source { return seeded(seed) }

// shifted draws for a share of a batch.
type shifted struct {
	Source
	first int
}

func (s shifted) Normal(draw, sample int, dst []float32) {
	s.Source.Normal(draw, s.first+sample, dst)
}

func (s shifted) Uniform(draw, sample int, dst []float32) {
	s.Source.Uniform(draw, s.first+sample, dst)
}

func (s shifted) Permutation(draw, sample, n int) []int {
	return s.Source.Permutation(draw, s.first+sample, n)
}

type seeded uint64

func (s seeded) generator(draw int) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(s), uint64(draw))) //nolint:gosec // reproducible on purpose, and no secret
}

func (s seeded) Normal(draw, _ int, dst []float32) {
	g := s.generator(draw)
	for i := range dst {
		dst[i] = float32(g.NormFloat64())
	}
}

func (s seeded) Uniform(draw, _ int, dst []float32) {
	g := s.generator(draw)
	for i := range dst {
		dst[i] = g.Float32()
	}
}

func (s seeded) Permutation(draw, _, n int) []int { return s.generator(draw).Perm(n) }
