package page

import (
	"fmt"
	"math"
	"strings"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// number has three digits that mean something.
func number(v float64) string {
	if v == 0 {
		return "0"
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	return fmt.Sprintf("%.*f", digits, v)
}

// ratio is "1.91 (1.88 to 1.95)": the median and the quartiles of rounds.
func ratio(q figure.Quartiles) string {
	if number(q.Q1) == number(q.Q3) {
		return number(q.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", number(q.Median), number(q.Q1), number(q.Q3))
}

// time is "12.7 ± 3 %": the median and half the distance of the quartiles.
func timeOf(f figure.Figure, name string) string {
	q, ok := f.Values[name]
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%s ± %.0f %%", number(q.Median), 50*q.Spread())
}

// times is how many times as much as ours, "1.91x".
func times(f figure.Figure, name string) string {
	r, ok := f.Ratios[name]
	if !ok {
		return "-"
	}
	return number(r.Median) + "x"
}

// cost is how many times as much ours is, "1.08".
func cost(f figure.Figure, name string) string {
	c, ok := f.Cost(name)
	if !ok {
		return "-"
	}
	return number(c.Median)
}

// rate is images a second.
func rate(f figure.Figure, name string) string {
	q, ok := f.Values[name]
	if !ok || q.Median == 0 {
		return "-"
	}
	return number(float64(max(f.Images, f.Batch)) / q.Median * 1000)
}

// worst is the largest difference between our map and any peer's.
func worst(f figure.Figure) string {
	d, found := 0.0, false
	for _, v := range f.Differences {
		d, found = max(d, v), true
	}
	if !found {
		return "-"
	}
	return fmt.Sprintf("%.0e", d)
}

// table is a Markdown table.
func table(header []string, rows [][]string) string {
	var s strings.Builder
	s.WriteString("| " + strings.Join(header, " | ") + " |\n" + strings.Repeat("|---", len(header)) + "|\n")
	for _, r := range rows {
		s.WriteString("| " + strings.Join(r, " | ") + " |\n")
	}
	return s.String()
}
