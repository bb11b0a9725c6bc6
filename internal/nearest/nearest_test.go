package nearest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"kitten", "sitting", 3}, // Levenshtein's textbook pair
		{"ab", "ba", 1},          // one swap
		{"ca", "abc", 3},         // no edit inside a swapped pair
		{"Ägypten", "Agypten", 1},
		{"layer4", "layer4", 0},
	} {
		assert.Equal(t, c.want, Distance(c.a, c.b), "%q %q", c.a, c.b)
		assert.Equal(t, c.want, Distance(c.b, c.a), "%q %q", c.b, c.a)
	}
}

func TestNames(t *testing.T) {
	known := []string{"tabby", "tiger cat", "Egyptian cat", "espresso"}
	assert.Equal(t, []string{"Egyptian cat"}, Names("egyptain cat", known, 3))
	assert.Equal(t, []string{"tiger cat", "Egyptian cat"}, Names("cat", known, 3))
	assert.Equal(t, []string{"tiger cat"}, Names("cat", known, 1))
	assert.Empty(t, Names("zebra crossing", known, 3))
	assert.Empty(t, Names("", known, 3))
}

func TestHint(t *testing.T) {
	assert.Equal(t, ` (did you mean "gradcam"?)`, Hint("gradcma", []string{"gradcam", "seed"}))
	assert.Empty(t, Hint("lime", []string{"gradcam", "seed"}))
}
