package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseLayout(t *testing.T) {
	for s, want := range map[string]Layout{
		"auto":            {},
		"channels-first":  {Order: ChannelsFirst},
		"channels-last":   {Order: ChannelsLast},
		"tokens:1:14x14":  {Order: Tokens, Prefix: 1, Grid: []int{14, 14}},
		"tokens:0:2x3x4":  {Order: Tokens, Grid: []int{2, 3, 4}},
		"tokens:12:1x196": {Order: Tokens, Prefix: 12, Grid: []int{1, 196}},
	} {
		got, err := ParseLayout(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got)
		assert.Equal(t, s, got.String())
	}
	for _, s := range []string{"", "NCHW", "tokens", "tokens:1", "tokens:-1:2x2", "tokens:1:0x4", "tokens:1:axb", "tokens:1:1x2x3x4", "tokens:1:2x", "tokens:99999999999999999999:2x2"} {
		_, err := ParseLayout(s)
		assert.ErrorContains(t, err, "give auto, channels-first, channels-last, or tokens:1:14x14", s)
	}
}
