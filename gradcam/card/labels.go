package card

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// readLabels reads one class name a line. Windows' line ends and a byte order
// mark are dropped; an empty line would shift every class behind it and is an
// error.
func readLabels(path string) ([]string, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s is not UTF-8", path)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return nil, fmt.Errorf("%s is empty: give one class name a line", path)
	}
	labels := strings.Split(text, "\n")
	for i, l := range labels {
		if strings.TrimSpace(l) == "" {
			return nil, fmt.Errorf("%s:%d: the line is empty: give one class name a line", path, i+1)
		}
	}
	return labels, nil
}
