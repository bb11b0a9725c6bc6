package dialogue_test

import (
	"io"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/internal/dialogue"
)

// The process says who it is, answers each line with itself, and stops at "3".
func TestDialogue(t *testing.T) {
	var first struct{ Ready bool }
	script := `echo '{"ready": true}'; while read line; do [ "$line" = 3 ] && exit; echo "$line"; done`
	d, err := dialogue.Start("the shell", exec.CommandContext(t.Context(), "sh", "-c", script), &first)
	require.NoError(t, err)
	defer d.Close()
	assert.True(t, first.Ready)
	for want := range 3 {
		var got int
		require.NoError(t, d.Ask(want, &got))
		assert.Equal(t, want, got)
	}
	var got int
	err = d.Ask(3, &got)
	require.ErrorIs(t, err, io.EOF)
	require.EqualError(t, err, "the shell stopped: EOF")
	require.Error(t, d.Ask(make(chan int), &got), "no JSON")
}

func TestDialogueDoesNotStart(t *testing.T) {
	_, err := dialogue.Start("it", exec.CommandContext(t.Context(), "/nowhere/python", "peer.py"), nil)
	require.ErrorContains(t, err, "it: ")
	_, err = dialogue.Start("it", exec.CommandContext(t.Context(), "true", "peer.py"), nil)
	require.EqualError(t, err, "it stopped: EOF")
}
