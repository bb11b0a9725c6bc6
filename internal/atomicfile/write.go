package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// Write gives path the content that write produces. The content goes to a
// temporary file in the same folder (a rename cannot cross file systems), is
// flushed to the disk, and takes the place of path in one step. A symbolic link
// at path is itself replaced.
//
// If anything fails, the error of write included, path is as it was before and
// the temporary file is gone. The error names path and says what to do.
//
// A new file gets the permissions perm, less the umask. The writer is buffered.
// Concurrent calls for one path are safe: the last one to finish wins.
func Write(path string, perm fs.FileMode, write func(io.Writer) error) error {
	return writeWith(create, path, perm, write)
}

// file is what Write needs of an *os.File; tests put failing ones in its place.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

type creator func(name string, perm fs.FileMode) (file, error)

func create(name string, perm fs.FileMode) (file, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
}

func writeWith(create creator, path string, perm fs.FileMode, write func(io.Writer) error) error {
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return fmt.Errorf("write %s: there is a folder of that name; choose another name", path)
	}
	f, tmp, err := createTemp(create, filepath.Dir(path), perm)
	if err != nil {
		return explain(path, err)
	}
	done := false
	defer func() {
		if !done {
			_ = f.Close() // a second Close changes nothing
			_ = os.Remove(tmp)
		}
	}()
	if err := fill(f, path, write); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return explain(path, err)
	}
	done = true
	return nil
}

// createTemp makes a new file in dir. Unlike os.CreateTemp it leaves the
// permissions to perm and the umask. The name does not grow with that of the
// final file, which may already be as long as the file system allows.
func createTemp(create creator, dir string, perm fs.FileMode) (file, string, error) {
	for try := 0; ; try++ {
		name := filepath.Join(dir, fmt.Sprintf(".torchlight-%016x.tmp", rand.Uint64()))
		f, err := create(name, perm)
		if err == nil {
			return f, name, nil
		}
		if !errors.Is(err, fs.ErrExist) || try == 100 {
			return nil, "", err
		}
	}
}

// buffered gathers small writes; larger ones pass it by.
const buffered = 1 << 12

// fill writes, flushes and closes. Close can be the first to report a full disk
// on network file systems, so its error counts.
func fill(f file, path string, write func(io.Writer) error) error {
	d := &disk{f: f}
	buf := bufio.NewWriterSize(d, buffered)
	if err := write(buf); err != nil && d.err == nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := buf.Flush(); err != nil {
		return explain(path, err)
	}
	if err := f.Sync(); err != nil {
		return explain(path, err)
	}
	if err := f.Close(); err != nil {
		return explain(path, err)
	}
	return nil
}

// disk remembers why the file could not be written, whatever words an encoder
// above it wraps that in.
type disk struct {
	f   file
	err error
}

func (d *disk) Write(p []byte) (int, error) {
	n, err := d.f.Write(p)
	d.err = err
	return n, err
}

// explain turns an error into one line that names the path and the fix. The
// operating system's error names the temporary file, which nobody asked for, so
// only its reason is kept.
func explain(path string, err error) error {
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("write %s: the disk is full (%w); free some space or choose another folder", path, reason(err))
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("write %s: there is no folder %s (%w); create it or choose another", path, dir, reason(err))
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("write %s: %s is not a folder (%w); choose another", path, dir, reason(err))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("write %s: the folder %s is not writable (%w); change its permissions or choose another", path, dir, reason(err))
	}
	return fmt.Errorf("write %s: %w", path, reason(err))
}

// reason is what lies beneath the operation and the file name that package os
// puts around an error.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
