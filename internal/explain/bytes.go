package explain

import (
	"math"
	"strconv"
	"strings"
)

// ParseBytes reads a size in bytes: "4096", "64M", "1.5GiB". K, M, G and T are powers
// of 1024, alone or with B or iB after them.
func ParseBytes(s string) (int64, error) {
	digits := strings.TrimRight(s, "BbIiKkMmGgTt")
	unit := strings.ToLower(s[len(digits):])
	if len(unit) > 1 { // KB, KiB
		unit = strings.TrimSuffix(strings.TrimSuffix(unit, "b"), "i")
	}
	factors := map[string]float64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
	factor, known := factors[unit]
	n, err := strconv.ParseFloat(digits, 64)
	if bytes := n * factor; err == nil && known && bytes >= 1 && bytes < math.MaxInt64 {
		return int64(bytes), nil
	}
	return 0, misusef("%q is no size in bytes; give a number, with K, M or G after it", s)
}
