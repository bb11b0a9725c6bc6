package gradcam

import "fmt"

// Margin explains why the network says class a rather than class b: the
// difference of their raw outputs.
func Margin(a, b int) Target { return margin{a: a, b: b} }

type margin struct {
	linear
	a, b int
}

func (m margin) String() string { return fmt.Sprintf("margin:%d-%d", m.a, m.b) }

func (m margin) Score(y Sample) (Score, error) {
	z := y.Values()
	for _, c := range []int{m.a, m.b} {
		if _, err := fixedClass(c).index(z); err != nil {
			return Score{}, fmt.Errorf("target %s: %w", m, err)
		}
	}
	dz := make([]float64, len(z))
	dz[m.a]++
	dz[m.b]--
	return Score{Value: z[m.a] - z[m.b], Index: m.a, Cotangent: y.spread(dz)}, nil
}
