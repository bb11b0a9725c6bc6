package main

import (
	"io"
	"os"
)

// file is one file of the module, as golang.org/x/mod/zip wants it.
type file struct{ name, path string }

func (f file) Path() string                 { return f.name }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(f.path) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(f.path) }
