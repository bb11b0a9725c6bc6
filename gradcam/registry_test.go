package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestByName(t *testing.T) {
	for _, m := range Methods() {
		got, err := ByName(m.Name())
		require.NoError(t, err)
		assert.Equal(t, m, got)
		assert.Regexp(t, `^[a-z+-]+$`, m.Name())

	}
	_, err := ByName("grad-cam")
	assert.ErrorContains(t, err, `unknown method "grad-cam" (did you mean "gradcam"`)
	_, err = ByName("zzz")
	assert.ErrorContains(t, err, `unknown method "zzz": give one of gradcam, seed, hirescam`)
}

func TestByNames(t *testing.T) {
	got, err := ByNames("hirescam, gradcam")
	require.NoError(t, err)
	assert.Equal(t, []Method{HiResCAM, GradCAM}, got)
	for names, want := range map[string]string{
		"gradcam,seed, gradcam": "method gradcam is named twice; name it once",
		"gradcam,grad-cam":      `unknown method "grad-cam"`,
		"gradcam,":              `unknown method ""`,
		"":                      `unknown method ""`,
	} {
		_, err := ByNames(names)
		require.ErrorContains(t, err, want)
	}
}
