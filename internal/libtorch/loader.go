package libtorch

import (
	"context"
	"debug/elf"
	"debug/macho"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"strings"
)

// needed are the file names of the libraries that a shared library loads.
func needed(file string) ([]string, error) {
	if f, err := elf.Open(file); err == nil {
		defer f.Close()
		names, err := f.ImportedLibraries()
		if err != nil {
			return nil, fmt.Errorf("libtorch: %s: %w", file, err)
		}
		return names, nil
	}
	f, err := macho.Open(file)
	if err != nil {
		return nil, fmt.Errorf("libtorch: %s is no shared library: %w", file, err)
	}
	defer f.Close()
	paths, err := f.ImportedLibraries()
	if err != nil {
		return nil, fmt.Errorf("libtorch: %s: %w", file, err)
	}
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = path.Base(p)
	}
	return names, nil
}

// checkLoads asks the dynamic loader whether the libtorch_cpu of a folder finds
// everything it needs. Where there is no ldd, the linker will tell.
func (f *Finder) checkLoads(ctx context.Context, dir string) error {
	lib := library(dir, "libtorch_cpu")
	if lib == "" || !strings.HasPrefix(f.Platform, "linux/") {
		return nil
	}
	out, err := f.run(ctx, "ldd", lib)
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("libtorch: libtorch_cpu does not load on this system: %w", err)
	}
	if missing := notFound(string(out)); len(missing) > 0 {
		return fmt.Errorf("libtorch: libtorch_cpu needs %s, which this system lacks: install them and try again", strings.Join(missing, ", "))
	}
	return nil
}

// notFound are the names of the libraries that ldd could not resolve.
func notFound(ldd string) []string {
	var names []string
	for line := range strings.SplitSeq(ldd, "\n") {
		if name, ok := strings.CutSuffix(strings.TrimSpace(line), " => not found"); ok {
			names = append(names, name)
		}
	}
	return names
}
