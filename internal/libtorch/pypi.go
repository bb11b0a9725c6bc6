package libtorch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// fetchPyPI downloads the torch wheel with pip, which knows the user's mirrors,
// proxies and certificates, and then those companions whose libraries it lacks.
// It need not be a wheel for the Python that runs pip.
func (f *Finder) fetchPyPI(ctx context.Context, p pins, dir string) ([]string, error) {
	f.Log("libtorch: downloading the torch %s wheel with pip (about 530 MB on Linux)", Version)
	torch, err := f.pip(ctx, p, p.torch, dir)
	if err != nil {
		return nil, err
	}
	wheels := []string{torch}
	for _, w := range p.companions {
		f.Log("libtorch: downloading %s %s with pip: the torch wheel needs %s", w.project, w.version, strings.Join(w.provides, ", "))
		path, err := f.pip(ctx, p, w, dir)
		if err != nil {
			return nil, err
		}
		wheels = append(wheels, path)
	}
	return wheels, nil
}

// pip downloads one wheel, checked against its pinned sum, into a folder of its
// own and returns its path.
func (f *Finder) pip(ctx context.Context, p pins, w wheel, dir string) (string, error) {
	dir = filepath.Join(dir, w.project)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("libtorch: %w", err)
	}
	requirements := filepath.Join(dir, "requirements.txt")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", w.project, w.version, w.sha256)
	if err := os.WriteFile(requirements, []byte(line), 0o644); err != nil {
		return "", fmt.Errorf("libtorch: %w", err)
	}
	_, err := f.run(ctx, "python3", "-m", "pip", "download",
		"--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir",
		"--no-deps", "--only-binary=:all:", "--require-hashes",
		"--platform", w.tag, "--implementation", "cp", "--python-version", p.python,
		"--dest", dir, "--requirement", requirements)
	if err != nil {
		return "", fmt.Errorf("libtorch: pip download %s==%s: %w", w.project, w.version, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("libtorch: pip download %s==%s left %d wheels where one was expected", w.project, w.version, len(found))
	}
	return found[0], nil
}
