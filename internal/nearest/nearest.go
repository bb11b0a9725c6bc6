// Package nearest finds the names a user may have meant.
package nearest

import (
	"cmp"
	"slices"
	"strings"
)

// Names returns up to n of the candidates, the most similar to name first, by
// edit distance without regard to case. Names that share less than half of their
// letters with it are left out.
func Names(name string, candidates []string, n int) []string {
	type scored struct {
		name     string
		distance int
	}
	var near []scored
	for _, c := range candidates {
		d := Distance(strings.ToLower(name), strings.ToLower(c))
		if limit := max(len(name), len(c))/2 + 1; d <= limit {
			near = append(near, scored{c, d})
		}
	}
	slices.SortStableFunc(near, func(a, b scored) int { return cmp.Compare(a.distance, b.distance) })
	var out []string
	for _, s := range near[:min(n, len(near))] {
		out = append(out, s.name)
	}
	return out
}

// Distance is the Levenshtein distance in bytes: the fewest insertions,
// deletions and substitutions that turn a into b.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
