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
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0},
	} {
		assert.Equal(t, c.want, Distance(c.a, c.b), "%q %q", c.a, c.b)
		assert.Equal(t, c.want, Distance(c.b, c.a), "%q %q", c.b, c.a)
	}
}

func TestNames(t *testing.T) {
	layers := []string{"features.1", "features.18", "features.17", "classifier", "classifier.1"}
	assert.Equal(t, []string{"features.18", "features.1", "features.17"}, Names("feature.18", layers, 3))
	assert.Equal(t, []string{"classifier"}, Names("CLASSIFIER", layers, 1))
	assert.Empty(t, Names("zzzzzz", layers, 3))
}
