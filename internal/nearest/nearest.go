package nearest

import (
	"fmt"
	"sort"
	"strings"
)

// Names returns up to n of the known names that are closest to name, best
// first: those within a third of its length in edits, and those that contain
// it. Letter case does not count.
func Names(name string, known []string, n int) []string {
	type match struct {
		name string
		cost int
	}
	var found []match
	low := strings.ToLower(name)
	for _, k := range known {
		cost := Distance(low, strings.ToLower(k))
		near := cost <= 1+len([]rune(low))/3
		if low != "" && strings.Contains(strings.ToLower(k), low) {
			near = true
		}
		if near {
			found = append(found, match{k, cost})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].cost < found[j].cost })
	names := make([]string, 0, n)
	for _, m := range found[:min(n, len(found))] {
		names = append(names, m.name)
	}
	return names
}

// Hint is the end of an error message: " (did you mean "a", "b"?)", or "".
func Hint(name string, known []string) string {
	names := Names(name, known, 3)
	if len(names) == 0 {
		return ""
	}
	quoted := make([]string, len(names))
	for i, s := range names {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return " (did you mean " + strings.Join(quoted, ", ") + "?)"
}

// Distance is the number of runes to insert, delete, replace or swap with their
// neighbour to turn a into b (optimal string alignment).
func Distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	older, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			replace := last[j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, last, row = last, row, older
	}
	return last[len(t)]
}
