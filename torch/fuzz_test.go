package torch_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// oneOf fails unless the error is of one of the kinds, in one line.
func oneOf(t *testing.T, err error, kinds ...error) {
	t.Helper()
	require.NotContains(t, err.Error(), "\n")
	for _, k := range kinds {
		if errors.Is(err, k) {
			return
		}
	}
	require.Fail(t, "an error of no known kind", "%v", err)
}

// FuzzInspect: whatever the bytes, looking at an archive ends soon, with a verdict.
func FuzzInspect(f *testing.F) {
	m := readManifest(f)
	files := []string{"frozen_toy/frozen.pt", "argmax_end/script.pt"}
	for _, b := range m.Broken {
		files = append(files, b.File)
	}
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(models, name))
		require.NoError(f, err)
		f.Add(data, true)
		f.Add(data, false)
		f.Add(data[len(data)/2:], true)
	}
	f.Add([]byte("P"), true)
	f.Add([]byte("PK\x05\x06"+strings.Repeat("\x00", 18)), true) // an empty archive
	f.Fuzz(func(t *testing.T, data []byte, checksums bool) {
		if err := torch.Inspect(bytes.NewReader(data), int64(len(data)), "fuzz.pt", checksums); err != nil {
			oneOf(t, err, torch.ErrNotTorchScript, torch.ErrStateDict, torch.ErrCorrupt)
			require.Contains(t, err.Error(), "torch: fuzz.pt: ")
			return
		}
		require.Contains(t, string(data), "data.pkl")
		require.Contains(t, string(data), "constants.pkl")
		// What passes with checksums passes without.
		require.NoError(t, torch.Inspect(bytes.NewReader(data), int64(len(data)), "fuzz.pt", false))
	})
}

// FuzzParseDevice: a device prints as what it is read from.
func FuzzParseDevice(f *testing.F) {
	for _, s := range []string{"cpu", "cuda", "cuda:0", "cuda:12", "", "cuda:", "cuda:+1", "cuda:-1", "cuda:007", "CUDA:0", "mps", "cuda:9223372036854775808"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := torch.ParseDevice(s)
		if err != nil {
			oneOf(t, err, torch.ErrNoDevice)
			require.Equal(t, torch.Device{}, d)
			return
		}
		again, err := torch.ParseDevice(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
		require.True(t, s == "cpu" || strings.HasPrefix(s, "cuda"))
	})
}
