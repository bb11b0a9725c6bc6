package explain

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInputs(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{
		"photos/b.PNG", "photos/a.jpg", "photos/c.npy", "photos/.d.png", "photos/._a.jpg", "photos/notes.txt", "photos/within/e.png", "bare/x.txt", "x.jpeg",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, nil, 0o666))
	}
	for _, c := range []struct {
		args, want []string
		fails      string
	}{
		{args: []string{"photos"}, want: []string{"photos/a.jpg", "photos/b.PNG", "photos/c.npy"}},
		{args: []string{"x.jpeg", "photos/within", "missing.png"}, want: []string{"x.jpeg", "photos/within/e.png", "missing.png"}},
		{args: []string{"photos", "b.npy"}, fails: "photos/b.PNG and b.npy would both be written as b.*"},
		{args: []string{"x.jpeg", "x.jpeg"}, fails: "x.jpeg is given twice; name it once"},
		{args: []string{"bare"}, fails: "folder bare holds no .png, .jpg, .jpeg, .gif, .npy"},
	} {
		got, err := Inputs(c.args)
		if c.fails != "" {
			require.ErrorContains(t, err, c.fails)
			require.ErrorIs(t, err, ErrUsage)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
}
