package atomicfile

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asNobody runs one test of this binary as a user without privileges, for whom
// permissions count; root may write anywhere.
func asNobody(t *testing.T, test, dir string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), "ATOMICFILE_DIR="+dir)
	cmd.Dir = "/"
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "--- PASS: "+test)
}

func TestWriteToUnwritableFolder(t *testing.T) {
	if dir := os.Getenv("ATOMICFILE_DIR"); dir != "" {
		path := filepath.Join(dir, "x.png")
		err := Write(path, 0o644, content("new"))
		require.ErrorIs(t, err, fs.ErrPermission)
		require.EqualError(t, err, "write "+path+": the folder "+dir+
			" is not writable (permission denied); change its permissions or choose another")
		return
	}
	// Not t.TempDir: its parents are closed to other users.
	dir, err := os.MkdirTemp("", "atomicfile")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.png")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o644))
	require.NoError(t, os.Chmod(dir, 0o555))
	asNobody(t, "TestWriteToUnwritableFolder", dir)
	require.NoError(t, os.Chmod(dir, 0o755))
	assert.Equal(t, "old", read(t, path))
	assert.Equal(t, []string{"x.png"}, names(t, dir))
}

// A real full disk: a file system of 64 KiB in memory. Mounting takes root; as
// anybody else the same error comes from the injected disk of
// TestWriteFailures, and this test says that it saw no real one.
func TestWriteToFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=65536"); err != nil {
		require.ErrorIs(t, err, syscall.EPERM)
		t.Log("not allowed to mount a small file system here; only the injected full disk was tested")
		return
	}
	defer func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }()
	path := filepath.Join(dir, "x.npy")
	require.NoError(t, Write(path, 0o644, content("old")))

	err := Write(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(bytes.Repeat([]byte{1}, 1<<20))
		return err
	})
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.EqualError(t, err, "write "+path+
		": the disk is full (no space left on device); free some space or choose another folder")
	assert.Equal(t, "old", read(t, path))
	assert.Equal(t, []string{"x.npy"}, names(t, dir))
	require.NoError(t, Write(path, 0o644, content("new")), "what was half written is free again")
}
