package torch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// At each moment of its way a pass holds, besides the weights, some fixed bytes and
// some for each of its rows, a + b*n. The peak is the largest of these sums, so that
//
//	bytes(n) <= n/m * bytes(m) for n >= m
//
// and the more rows m were measured, the closer, as long as operators work in one
// way. oneDNN chooses another for some sizes, with larger buffers: half as much again
// is what was seen. footprint is what the most rows of certain shapes have taken. The
// zero value is ready.
type footprint struct {
	warm  atomic.Bool
	mu    sync.Mutex
	known map[string]taken // by the shapes of one row
}

// taken is the host memory of tensors that some rows took on top of the weights:
// while they ran, until the pass is closed, and that plus what going backward took.
type taken struct {
	rows                      int
	running, held, explaining int64
}

func (t taken) peak() int64 { return max(t.running, t.held, t.explaining) }

// each is the share of one row, rounded up.
func (t taken) each() int64 {
	if t.rows == 0 {
		return 0
	}
	return (t.peak() + int64(t.rows) - 1) / int64(t.rows)
}

// ofMore is the share of one row at most, of more rows than ran.
func (t taken) ofMore() int64 { return t.each() * 3 / 2 }

// of is what n rows take at most.
func (t taken) of(n int) int64 {
	if n <= t.rows {
		return int64(n) * t.each()
	}
	return int64(n) * t.ofMore()
}

// most is how many rows fit into the room: one more than ran and more may differ.
func (t taken) most(room int64) int64 {
	return max(room/t.ofMore(), min(int64(t.rows), room/t.each()))
}

// meter runs the work of libtorch on some rows and learns what it took. The first
// run of a plan also compiles, so it tells nothing.
func (f *footprint) meter(ctx context.Context, name, shapes string, rows int, work func() error) error {
	warm := f.warm.Load()
	t := taken{rows: rows}
	err := compute(ctx, name, func() (err error) {
		t.running, t.held = cgo.Metered(func() { err = work() })
		return err
	})
	if err == nil && warm {
		f.learn(shapes, t)
	}
	if err == nil {
		f.warm.Store(true)
	}
	return err
}

// mostShapes are remembered; of more, any is forgotten.
const mostShapes = 64

// learn remembers a run. The last run of a size counts: an earlier one may have
// prepared weights for it.
func (f *footprint) learn(shapes string, t taken) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, found := f.known[shapes]
	if t.rows < max(1, old.rows) {
		return
	}
	if t.rows == old.rows {
		t.explaining = old.explaining // until it goes backward
	}
	if f.known == nil {
		f.known = map[string]taken{}
	}
	for other := range f.known {
		if found || len(f.known) < mostShapes {
			break
		}
		delete(f.known, other)
	}
	f.known[shapes] = t
}

// backward adds what going backward took, on top of what the pass holds.
func (f *footprint) backward(shapes string, rows int, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.known[shapes]; rows > 0 && t.rows == rows {
		t.explaining = t.held + bytes
		f.known[shapes] = t
	}
}

// largest is the run of the most rows, zero where nothing is known.
func (f *footprint) largest(shapes string) taken {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[shapes]
}

// small is not worth asking the system about.
const small = 64 << 20

// refuse is an error where n rows would take more than there is. What ran before may
// run again, unless the user set a limit.
func (f *footprint) refuse(o options, name, shapes string, n int) error {
	ran := f.largest(shapes)
	need := ran.of(n)
	room := o.memory
	if room == 0 {
		if need < small || n <= ran.rows {
			return nil
		}
		if room = available(); room == 0 {
			return nil
		}
	}
	if need <= room {
		return nil
	}
	e := &Error{Kind: ErrOutOfMemory, About: name, Reason: fmt.Sprintf("a batch of %d takes about %s besides the weights, and there is room for %s", n, mega(need), mega(room)), Fix: "free memory, or give smaller inputs"}
	if fit := ran.most(room); fit > 0 {
		e.Fix = fmt.Sprintf("give at most %d at a time", fit)
	}
	return e
}

func mega(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/(1<<20)) }

// rowShapes name the shapes of one row of the inputs, for [footprint].
func rowShapes(rows ...[]int) string { return fmt.Sprint(rows) }

// tensorShapes are the shapes of one row of tensors, and how many rows they have.
func tensorShapes(inputs []*Tensor) (string, int) {
	var rows [][]int
	n := 0
	for i, t := range inputs {
		if t == nil {
			return "", 0 // the run will say so
		}
		shape := t.Shape()
		if i == 0 && len(shape) > 0 {
			n = shape[0]
		}
		rows = append(rows, shape[min(1, len(shape)):])
	}
	return rowShapes(rows...), n
}

// large says that a batch of inputs whose cost is not known may be too large: a
// network holds, at a time, up to a hundred times its input.
func large(o options, inputs []engine.Array) bool {
	var bytes int64
	for _, a := range inputs {
		bytes += 100 * 4 * int64(a.Len())
	}
	room := o.memory
	if room == 0 && bytes > small {
		room = available()
	}
	return room > 0 && bytes > room
}
