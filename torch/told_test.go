package torch_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// longestMessage is what fits on two lines of a terminal, with room for a path.
const longestMessage = 400

// requireError asks of an error that it is of that kind, and that its message is
// one short line holding every part: what it is about, why, and the way out.
func requireError(t testing.TB, err, kind error, parts ...string) {
	t.Helper()
	require.Error(t, err)
	require.ErrorIs(t, err, kind)
	message := err.Error()
	assert.NotContains(t, message, "\n")
	assert.LessOrEqual(t, len(message), longestMessage, message)
	assert.Regexp(t, `^torch: `, message)
	for _, p := range parts {
		assert.Contains(t, message, p)
	}
}
