package gradcam

import (
	"fmt"
	"strconv"
	"strings"
)

// String is the layout in the grammar of [ParseLayout].
func (l Layout) String() string {
	switch l.Order {
	case ChannelsFirst:
		return "channels-first"
	case ChannelsLast:
		return "channels-last"
	case Tokens:
		return fmt.Sprintf("tokens:%d:%s", l.Prefix, extents(l.Grid))
	}
	return "auto"
}

// ParseLayout reads a layout as people write it:
//
//	auto              find it by shape
//	channels-first    [N, C, space...]
//	channels-last     [N, space..., C], as in Swin
//	tokens:P:HxW      [N, T, C]: P tokens without a place, then H rows of W
func ParseLayout(s string) (Layout, error) {
	for _, l := range []Layout{{}, {Order: ChannelsFirst}, {Order: ChannelsLast}} {
		if s == l.String() {
			return l, nil
		}
	}
	if l, ok := parseTokens(s); ok {
		return l, nil
	}
	return Layout{}, fmt.Errorf("layout %q: give auto, channels-first, channels-last, or tokens:1:14x14 for a grid after one token of the class", s)
}

func parseTokens(s string) (Layout, bool) {
	words := strings.Split(s, ":")
	if len(words) != 3 || words[0] != "tokens" || !number(words[1]) {
		return Layout{}, false
	}
	l := Layout{Order: Tokens}
	var err error
	if l.Prefix, err = strconv.Atoi(words[1]); err != nil || l.Prefix > maxMap {
		return Layout{}, false
	}
	for _, side := range strings.Split(words[2], "x") {
		n, err := strconv.Atoi(side)
		if err != nil || n < 1 || n > maxMap {
			return Layout{}, false
		}
		l.Grid = append(l.Grid, n)
	}
	return l, len(l.Grid) <= 3
}
