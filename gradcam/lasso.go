package gradcam

import "math"

// lasso minimises |y - X b|^2/(2n) + alpha |b|_1 by cyclic coordinate descent
// (Friedman et al. 2010, doi:10.18637/jss.v033.i01), to scikit-learn's duality gap
// of 1e-4 |y|^2 and at most 1000 rounds. The same start, order and end make the
// result the same to rounding, not to the tolerance of the gap only.
func lasso(c regression, alpha float64) []float64 {
	const tolerance, rounds = 1e-4, 1000
	l := descent{c: c, penalty: alpha * float64(len(c.y)), b: make([]float64, len(c.x[0])), residual: append([]float64(nil), c.y...)}
	l.norms = make([]float64, len(l.b))
	for j := range l.norms {
		for _, row := range c.x {
			l.norms[j] += row[j] * row[j]
		}
	}
	limit := tolerance * square(c.y)
	if l.gap() <= limit {
		return l.b
	}
	for round := range rounds {
		moved, largest := l.round()
		if (largest == 0 || moved/largest <= tolerance || round == rounds-1) && l.gap() <= limit {
			break
		}
	}
	return l.b
}

// descent is coordinate descent on its way.
type descent struct {
	c                  regression
	penalty            float64 // alpha n
	b, residual, norms []float64
}

// round minimises along each coordinate in turn. It returns the largest step and
// the largest coefficient.
func (l *descent) round() (moved, largest float64) {
	for j, norm := range l.norms {
		if norm == 0 {
			continue
		}
		old := l.b[j]
		slope := l.slope(j) + old*norm
		l.b[j] = math.Copysign(math.Max(math.Abs(slope)-l.penalty, 0), slope) / norm
		if step := old - l.b[j]; step != 0 {
			for i, row := range l.c.x {
				l.residual[i] += step * row[j]
			}
		}
		moved = math.Max(moved, math.Abs(l.b[j]-old))
		largest = math.Max(largest, math.Abs(l.b[j]))
	}
	return moved, largest
}

// slope is minus the derivative of the squares by coefficient j.
func (l *descent) slope(j int) float64 {
	sum := 0.0
	for i, row := range l.c.x {
		sum += row[j] * l.residual[i]
	}
	return sum
}

// gap is the duality gap: how far the objective is from its minimum at most. The
// dual point is the residual, scaled down to be feasible.
func (l *descent) gap() float64 {
	steepest, size, along := 0.0, 0.0, 0.0
	for j, b := range l.b {
		steepest = math.Max(steepest, math.Abs(l.slope(j)))
		size += math.Abs(b)
	}
	for i, r := range l.residual {
		along += r * l.c.y[i]
	}
	scale := 1.0
	if steepest > l.penalty {
		scale = l.penalty / steepest
	}
	return square(l.residual)*(1+scale*scale)/2 + l.penalty*size - scale*along
}

func square(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	return sum
}
