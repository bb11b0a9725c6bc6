package gradcam_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// Labels of another number than the model's four classes are said to be wrong, once.
func TestLabelsThatDoNotFit(t *testing.T) {
	for want, labels := range map[string][]string{
		"":                         nil,
		" ":                        {"a", "b", "c", "d"},
		"2 labels for 4 classes":   {"a", "b"},
		"5 labels for 4 classes, ": {"a", "b", "c", "d", "e"},
	} {
		var log bytes.Buffer
		e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLabels(labels), gradcam.WithLayer("conv1"), gradcam.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))))
		require.NoError(t, err)
		for range 3 {
			_, err = e.Explain(ctx, enginetest.ToyInput(0), gradcam.Class(0))
			require.NoError(t, err)
		}
		require.NoError(t, e.Close())
		if strings.TrimSpace(want) == "" {
			assert.Empty(t, log.String())
			continue
		}
		assert.Equal(t, 1, strings.Count(log.String(), want), log.String())
	}
}

// What to do about a name that no class has is always said.
func TestLabelThatNoClassHas(t *testing.T) {
	_, err := gradcam.Label("qwxzv", []string{"tabby", "tiger"})
	require.ErrorContains(t, err, `label "qwxzv": no class has it; give one of the model's labels, or a class by its index`)
	_, err = gradcam.Label("tigre", []string{"tabby", "tiger"})
	require.ErrorContains(t, err, `did you mean "tiger"?`)
}
