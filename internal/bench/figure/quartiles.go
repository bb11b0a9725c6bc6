package figure

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Quartiles are the lower quartile, the median and the upper quartile of a sample,
// [q1, median, q3] in JSON.
type Quartiles struct{ Q1, Median, Q3 float64 }

// Median of some numbers, 0 of none.
func Median(v []float64) float64 { return QuartilesOf(v).Median }

// QuartilesOf takes them by linear interpolation, as numpy.percentile does. An empty
// sample has zeros.
func QuartilesOf(v []float64) Quartiles {
	s := slices.Sorted(slices.Values(v))
	return Quartiles{quantile(s, 0.25), quantile(s, 0.5), quantile(s, 0.75)}
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Spread is the distance of the quartiles by the median.
func (q Quartiles) Spread() float64 {
	if q.Median == 0 {
		return 0
	}
	return (q.Q3 - q.Q1) / q.Median
}

// MarshalJSON writes four significant digits: more would be noise.
func (q Quartiles) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]float64{Short(q.Q1), Short(q.Median), Short(q.Q3)})
}

// UnmarshalJSON reads [q1, median, q3].
func (q *Quartiles) UnmarshalJSON(doc []byte) error {
	var v []float64
	if err := json.Unmarshal(doc, &v); err != nil {
		return err
	}
	if len(v) != 3 {
		return fmt.Errorf("quartiles %s: want [q1, median, q3]", doc)
	}
	*q = Quartiles{v[0], v[1], v[2]}
	return nil
}

// Short is a number with four significant digits.
func Short(v float64) float64 {
	s, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // its own format
	return s
}
