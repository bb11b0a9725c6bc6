package npy

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTypeOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.npy")
	for descr, want := range map[string]string{
		"<f4": "float32", "<f2": "float16", "<f8": "float64", "<i8": "int64", "<i4": "int32", "|u1": "uint8", "|b1": "bool",
	} {
		head := "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (0,), }\n"
		require.NoError(t, os.WriteFile(file, append([]byte("\x93NUMPY\x01\x00"), append([]byte{byte(len(head)), 0}, head...)...), 0o600))
		got, err := TypeOf(file)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	require.NoError(t, os.WriteFile(file, []byte("no array"), 0o600))
	_, err := TypeOf(file)
	require.ErrorContains(t, err, file)
	_, err = TypeOf(filepath.Join(t.TempDir(), "none.npy"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
