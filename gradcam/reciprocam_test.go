package gradcam_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// probabilityOf is the softmax probability of class 1 of the mixer.
func probabilityOf(y engine.Array) float64 {
	return 1 / (1 + math.Exp(float64(y.Data[0])-float64(y.Data[1])))
}

// The plain twin: the tail on an activation that is dark but for one place, or
// for one place's channels times the authors' 3 x 3 table.
func TestReciproCAMEqualsItsPlainTwin(t *testing.T) {
	m, in := channelsFirst(), pair()
	gauss := [3][3]float32{{1. / 16, 1. / 8, 1. / 16}, {1. / 8, 1. / 4, 1. / 8}, {1. / 16, 1. / 8, 1. / 16}}
	for _, gaussian := range []bool{false, true} {
		got := raws(t, m, in, gradcam.ReciproCAM{Gaussian: gaussian})
		for n := range 3 {
			rows := []engine.Array{in[0].Row(n), in[1].Row(n)}
			a, want := m.Head(rows), make([]float64, 12)
			for p := range want {
				lit := engine.NewArray(4, 3, 4)
				for i := range lit.Data {
					k, dy, dx := i/12, i%12/4-p/4, i%4-p%4
					switch {
					case gaussian && dy*dy <= 1 && dx*dx <= 1:
						lit.Data[i] = a.Data[k*12+p] * gauss[dy+1][dx+1]
					case !gaussian && dy == 0 && dx == 0:
						lit.Data[i] = a.Data[i]
					}
				}
				want[p] = probabilityOf(m.Tail(lit, rows))
			}
			inDelta(t, want, got[n], 1e-6, n)
		}
	}
	assert.Equal(t, []int{36, 36}, m.Batches(), "twelve places of three samples")
}

func TestReciproCAMWritesIntoEveryLayout(t *testing.T) {
	in := pair()
	for _, method := range []gradcam.Method{gradcam.ReciproCAM{}, gradcam.ReciproCAM{Gaussian: true}} {
		want := raws(t, channelsFirst(), in, method)
		assert.Equal(t, want, raws(t, channelsLast(0, 3, 4, 4), in, method, gradcam.WithLayout(gradcam.Layout{Order: gradcam.ChannelsLast})))
		tokens := gradcam.Layout{Order: gradcam.Tokens, Prefix: 2, Grid: []int{3, 4}}
		vit := channelsLast(2, 14, 4)
		assert.Equal(t, want, raws(t, vit, in, method, gradcam.WithLayout(tokens), gradcam.WithMemory(5*56*4*16)))
		assert.Equal(t, 5, vit.Batches()[0])
	}
}

// The class token is not a place: it is the same in every run.
func TestReciproCAMKeepsTheClassToken(t *testing.T) {
	var seen [][]float32
	m := channelsLast(1, 13, 4)
	head, whole := m.Head, m.Tail
	m.Head = func(inputs []engine.Array) engine.Array {
		a := head(inputs)
		copy(a.Data, []float32{7, 8, 9, 10})
		return a
	}
	m.Tail = func(a engine.Array, inputs []engine.Array) engine.Array {
		seen = append(seen, append([]float32(nil), a.Data[:4]...))
		return whole(a, inputs)
	}
	raws(t, m, pair(), gradcam.ReciproCAM{}, gradcam.WithLayout(gradcam.Layout{Order: gradcam.Tokens, Prefix: 1, Grid: []int{3, 4}}))
	assert.Len(t, seen, 39)
	for _, token := range seen {
		assert.Equal(t, []float32{7, 8, 9, 10}, token)
	}
}
