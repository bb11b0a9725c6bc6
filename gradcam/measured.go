package gradcam

import (
	"math"

	"github.com/torchlight-go/torchlight/engine"
)

// measured asks the engine what one more row of these arrays takes: nil where it
// cannot tell, and 0 from the function where no such row ran yet.
func measured(by any, arrays ...engine.Array) func() int64 {
	m, ok := by.(engine.Measured)
	if !ok {
		return nil
	}
	rows := make([][]int, len(arrays))
	for i, a := range arrays {
		rows[i] = a.Shape[1:]
	}
	return func() int64 { return m.RowBytes(rows...) }
}

// rowsOf is how many copies fit into the memory that the method may use, where the
// engine has measured them: one until it has, and any number where it cannot. own
// bytes of each are kept twice, here and in the engine's memory. It only ever lowers
// what [Run.Rows] says: more than that would leave a processor's caches.
func (r *Run) rowsOf(bytes func() int64, own int) int {
	if bytes == nil {
		return math.MaxInt
	}
	each := bytes()
	if each == 0 {
		return 1
	}
	return int(max(1, r.batch.explainer.memory/(each+2*int64(own))))
}
