// Command modproxy publishes the root module of this clone, as it is now, to a
// folder that works as a GOPROXY. With it, a test can be the user who types
// "go get" before anything is released.
//
//	modproxy MODULE-DIR PROXY-DIR VERSION
//
// Files that git ignores and nested modules are left out, as in a release.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: modproxy MODULE-DIR PROXY-DIR VERSION")
		os.Exit(2)
	}
	if err := publish(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "modproxy:", err)
		os.Exit(1)
	}
}

// publish writes the four files of the GOPROXY protocol for one version.
func publish(root, proxy, version string) error {
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	path := modfile.ModulePath(gomod)
	escaped, err := module.EscapePath(path)
	if err != nil {
		return err
	}
	dir := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Unix(0, 0).UTC()})
	if err != nil {
		return err
	}
	files, err := tracked(root)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := zip.Create(&archive, module.Version{Path: path, Version: version}, files); err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": info,
		version + ".mod":  gomod,
		version + ".zip":  archive.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// tracked are the files that git does not ignore, without nested modules.
func tracked(root string) ([]zip.File, error) {
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	names := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	nested := map[string]bool{}
	for _, name := range names {
		if dir, ok := strings.CutSuffix(name, "/go.mod"); ok {
			nested[dir] = true
		}
	}
	var files []zip.File
	for _, name := range names {
		f := file{name: name, path: filepath.Join(root, filepath.FromSlash(name))}
		if _, err := os.Lstat(f.path); os.IsNotExist(err) || inNested(name, nested) {
			continue // deleted but not committed yet, or another module's
		}
		files = append(files, f)
	}
	return files, nil
}

func inNested(name string, nested map[string]bool) bool {
	for i, c := range name {
		if c == '/' && nested[name[:i]] {
			return true
		}
	}
	return false
}
