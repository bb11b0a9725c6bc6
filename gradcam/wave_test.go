package gradcam_test

import (
	"math"

	"github.com/torchlight-go/torchlight/engine"
)

// wave is an array without repetitions: 1.5 sin(0.7 i).
func wave(shape ...int) engine.Array {
	a := engine.NewArray(shape...)
	for i := range a.Data {
		a.Data[i] = float32(1.5 * math.Sin(0.7*float64(i)))
	}
	return a
}
