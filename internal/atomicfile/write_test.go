package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func content(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// names lists a folder, hidden files included: nothing temporary may be left.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var n []string
	for _, e := range entries {
		n = append(n, e.Name())
	}
	return n
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestWriteCreatesAndReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.map.npy")
	for _, want := range []string{"first and longer", "second", ""} {
		require.NoError(t, Write(path, 0o644, content(want)))
		assert.Equal(t, want, read(t, path))
		assert.Equal(t, []string{"x.map.npy"}, names(t, dir))
	}
}

func TestWriteLongName(t *testing.T) {
	dir := t.TempDir()
	name := strings.Repeat("n", 255) // the longest that Linux file systems take
	require.NoError(t, Write(filepath.Join(dir, name), 0o644, content("x")))
	assert.Equal(t, []string{name}, names(t, dir))
}

func TestWritePermissionsFollowTheUmask(t *testing.T) {
	dir := t.TempDir()
	ours, plain := filepath.Join(dir, "ours"), filepath.Join(dir, "plain")
	require.NoError(t, Write(ours, 0o666, content("x")))
	require.NoError(t, os.WriteFile(plain, nil, 0o666))
	a, err := os.Stat(ours)
	require.NoError(t, err)
	b, err := os.Stat(plain)
	require.NoError(t, err)
	assert.Equal(t, b.Mode(), a.Mode())
}

func TestWriteReplacesALink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(target, []byte("kept"), 0o644))
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, Write(link, 0o644, content("new")))
	assert.Equal(t, "kept", read(t, target))
	assert.Equal(t, "new", read(t, link))
}

// failing is a temporary file on a disk that goes wrong at one point.
type failing struct {
	*os.File
	room            int // bytes until the disk is full; negative: never
	onSync, onClose error
	closed          bool
}

func (f *failing) Write(p []byte) (int, error) {
	if f.room < 0 || len(p) <= f.room {
		f.room -= len(p)
		return f.File.Write(p)
	}
	n, _ := f.File.Write(p[:f.room])
	f.room = 0
	return n, &fs.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
}

func (f *failing) Sync() error { return f.onSync }

func (f *failing) Close() error {
	f.closed = true
	return errors.Join(f.File.Close(), f.onClose)
}

var errDisk = errors.New("input/output error")

// Whatever fails, the old content stays, nothing new is left, and the error
// names the path once and the temporary file never.
func TestWriteFailures(t *testing.T) {
	big := bytes.Repeat([]byte("heat"), 1<<16)
	wrote := func(w io.Writer) error { _, err := w.Write(big); return err }
	for _, c := range []struct {
		name  string
		disk  failing
		write func(io.Writer) error
		is    error
		want  string
	}{
		{"disk full at once", failing{room: 0}, content("x"), syscall.ENOSPC,
			"the disk is full (no space left on device); free some space or choose another folder"},
		{"disk full half way", failing{room: 1000}, wrote, syscall.ENOSPC,
			"the disk is full (no space left on device); free some space or choose another folder"},
		{"disk full at sync", failing{room: -1, onSync: syscall.EDQUOT}, wrote, syscall.EDQUOT,
			"the disk is full (disk quota exceeded); free some space or choose another folder"},
		{"close", failing{room: -1, onClose: errDisk}, wrote, errDisk, "input/output error"},
		{"the writer's own error", failing{room: -1}, func(w io.Writer) error {
			_, _ = w.Write(big)
			return fmt.Errorf("encode: %w", errDisk)
		}, errDisk, "encode: input/output error"},
		{"disk full, wrapped by an encoder", failing{room: 1000}, func(w io.Writer) error {
			_, err := w.Write(big)
			return fmt.Errorf("png: %w", err)
		}, syscall.ENOSPC, "the disk is full (no space left on device); free some space or choose another folder"},
		{"disk full, ignored by an encoder", failing{room: 1000}, func(w io.Writer) error {
			_, _ = w.Write(big)
			return nil
		}, syscall.ENOSPC, "the disk is full (no space left on device); free some space or choose another folder"},
		{"something else is missing", failing{room: -1}, func(io.Writer) error {
			return fmt.Errorf("labels: %w", fs.ErrNotExist)
		}, fs.ErrNotExist, "labels: file does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "x.npy")
			var disk failing
			open := func(name string, perm fs.FileMode) (file, error) {
				f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
				disk = c.disk
				disk.File = f
				return &disk, err
			}
			err := writeWith(open, path, 0o644, c.write)
			require.ErrorIs(t, err, c.is)
			assert.Equal(t, "write "+path+": "+c.want, err.Error())
			assert.Empty(t, names(t, dir), "no half file, no temporary file")
			assert.True(t, disk.closed)

			require.NoError(t, os.WriteFile(path, []byte("old"), 0o644))
			require.Error(t, writeWith(open, path, 0o644, c.write))
			assert.Equal(t, "old", read(t, path))
			assert.Equal(t, []string{"x.npy"}, names(t, dir))
		})
	}
}

func TestWritePanicLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	assert.PanicsWithValue(t, "encoder bug", func() {
		_ = Write(filepath.Join(dir, "x.png"), 0o644, func(w io.Writer) error { panic("encoder bug") })
	})
	assert.Empty(t, names(t, dir))
}

func TestWriteBadPaths(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	for _, c := range []struct{ path, want string }{
		{"absent/x.png", "there is no folder " + dir + "/absent (no such file or directory); create it or choose another"},
		{"file/x.png", dir + "/file is not a folder (not a directory); choose another"},
		{"folder", "there is a folder of that name; choose another name"},
		{strings.Repeat("n", 256), "file name too long"},
	} {
		path := filepath.Join(dir, c.path)
		called := false
		err := Write(path, 0o644, func(io.Writer) error { called = true; return nil })
		require.EqualError(t, err, "write "+path+": "+c.want)
		assert.Equal(t, []string{"file", "folder"}, names(t, dir))
		if c.path != strings.Repeat("n", 256) {
			assert.False(t, called, "no work before the folder is known to be writable")
		}
	}
}

func TestWriteConcurrently(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 8 {
				assert.NoError(t, Write(path, 0o644, content(strings.Repeat(string(rune('a'+i)), 100_000))))
			}
		})
	}
	wg.Wait()
	got := read(t, path)
	assert.Equal(t, strings.Repeat(got[:1], 100_000), got, "one writer's content, whole")
	assert.Equal(t, []string{"x"}, names(t, dir))
}
