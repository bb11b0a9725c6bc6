package gradcam

import "math"

// nmf is a non-negative matrix X, [rows, cols], as the product of factors of a
// small rank: X = WH.
type nmf struct {
	rows, cols, rank int
	x                []float64 // [rows, cols]
	w                []float64 // W transposed: [rank, rows]
	h                []float64 // [rank, cols]
	norm             float64   // sum of the squares of X
}

// factorise finds the factors by hierarchical alternating least squares (Cichocki
// and Phan 2009), which minimises |X - WH|^2 by one row of a factor at a time:
// every round brings it down or leaves it. It stops after a number of rounds, or
// when one wins less than tolerance of it. Nothing is drawn at random.
func factorise(x []float64, rows, cols, rank, rounds int, tolerance float64) *nmf {
	f := &nmf{rows: rows, cols: cols, rank: rank, x: x, w: make([]float64, rank*rows), h: make([]float64, rank*cols)}
	for _, v := range x {
		f.norm += v * v
	}
	f.start()
	for before := math.Inf(1); rounds > 0; rounds-- {
		after := f.round()
		if before-after <= tolerance*before && !math.IsInf(before, 1) {
			break
		}
		before = after
	}
	return f
}

// start makes W of columns of X, each the one farthest from the span of those
// before it: the successive projection algorithm (Gillis and Vavasis 2014,
// arXiv:1208.1237), exact where X holds the pure columns it is made of.
func (f *nmf) start() {
	rest := append([]float64(nil), f.x...)
	lengths, along, unit := make([]float64, f.cols), make([]float64, f.cols), make([]float64, f.rows)
	for k := range f.rank {
		clear(lengths)
		for i, v := range rest {
			lengths[i%f.cols] += v * v
		}
		best := 0
		for c, l := range lengths {
			if l > lengths[best] {
				best = c
			}
		}
		if lengths[best] <= 1e-20*f.norm {
			return // the rank of X is found: further rows stay 0
		}
		clear(along)
		for r := range f.rows {
			f.w[k*f.rows+r] = f.x[r*f.cols+best]
			unit[r] = rest[r*f.cols+best] / math.Sqrt(lengths[best])
			axpy(along, unit[r], rest[r*f.cols:(r+1)*f.cols])
		}
		for r, u := range unit {
			axpy(rest[r*f.cols:(r+1)*f.cols], -u, along)
		}
	}
}

// round updates H and then W, and returns |X - WH|^2.
func (f *nmf) round() float64 {
	cross := make([]float64, f.rank*f.cols)
	for k := range f.rank {
		for r, w := range f.w[k*f.rows : (k+1)*f.rows] {
			axpy(cross[k*f.cols:(k+1)*f.cols], w, f.x[r*f.cols:(r+1)*f.cols])
		}
	}
	f.update(f.h, f.w, cross, f.cols, f.rows)
	cross = make([]float64, f.rank*f.rows)
	for k := range f.rank {
		for r := range f.rows {
			cross[k*f.rows+r] = dot(f.h[k*f.cols:(k+1)*f.cols], f.x[r*f.cols:(r+1)*f.cols])
		}
	}
	f.update(f.w, f.h, cross, f.rows, f.cols)
	// |X|^2 - 2<X, WH> + <W'W, HH'>, whose last two cancel a large first.
	gw, gh := f.gram(f.w, f.rows), f.gram(f.h, f.cols)
	return max(0, f.norm-2*dot(f.w, cross)+dot(gw, gh))
}

// update minimises by each row of one factor, [rank, n], while the other,
// [rank, m], stays. cross is the other times X, [rank, n].
func (f *nmf) update(rows, other, cross []float64, n, m int) {
	gram := f.gram(other, m)
	step := make([]float64, n)
	for k := range f.rank {
		scale := gram[k*f.rank+k]
		if scale == 0 {
			continue
		}
		copy(step, cross[k*n:(k+1)*n])
		for l := range f.rank {
			axpy(step, -gram[k*f.rank+l], rows[l*n:(l+1)*n])
		}
		for i, s := range step {
			rows[k*n+i] = max(0, rows[k*n+i]+s/scale)
		}
	}
}

// gram holds the products of all pairs of rows, [rank, rank].
func (f *nmf) gram(rows []float64, n int) []float64 {
	g := make([]float64, f.rank*f.rank)
	for k := range f.rank {
		for l := range f.rank {
			g[k*f.rank+l] = dot(rows[k*n:(k+1)*n], rows[l*n:(l+1)*n])
		}
	}
	return g
}

// axpy adds a times x to y.
func axpy(y []float64, a float64, x []float64) {
	if a == 0 {
		return
	}
	for i, v := range x {
		y[i] += a * v
	}
}
