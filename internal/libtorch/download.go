package libtorch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// partial starts the name of every unfinished download.
const partial = ".partial-"

// download installs the pinned build into the cache. Of several processes one
// downloads and the others wait for it.
func (f *Finder) download(ctx context.Context) (Installation, error) {
	p, err := f.pins(f.Platform)
	if err != nil {
		return Installation{}, err
	}
	if err := os.MkdirAll(f.Cache, 0o755); err != nil {
		return Installation{}, fmt.Errorf("libtorch: the cache cannot be written, set XDG_CACHE_HOME to a folder that can: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(f.Cache, "libtorch.lock"), func() {
		f.Log("libtorch: waiting for another process that is downloading it")
	})
	if err != nil {
		return Installation{}, err
	}
	defer unlock()
	if in, err := f.cached(ctx); err == nil {
		return in, nil
	}
	// Whoever left these is dead: the lock is ours.
	if stale, err := filepath.Glob(filepath.Join(f.Cache, partial+"*")); err == nil {
		for _, dir := range stale {
			os.RemoveAll(dir)
		}
	}
	var failed error
	for _, fetch := range []func(context.Context, pins, string) ([]string, error){f.fetchOfficial, f.fetchPyPI} {
		in, err := f.installFrom(ctx, p, fetch)
		if err == nil || ctx.Err() != nil {
			return in, err
		}
		if !errors.Is(err, errAbsent) {
			f.Log("%v", err)
			failed = err
		}
	}
	return Installation{}, failed
}

// installFrom fetches wheels, unpacks them into one libtorch and moves it into
// place. Nothing is left of a failure.
func (f *Finder) installFrom(ctx context.Context, p pins, fetch func(context.Context, pins, string) ([]string, error)) (in Installation, err error) {
	work, err := os.MkdirTemp(f.Cache, partial)
	if err != nil {
		return in, fmt.Errorf("libtorch: %w", err)
	}
	defer func() {
		if rmErr := os.RemoveAll(work); err == nil && rmErr != nil {
			err = fmt.Errorf("libtorch: %w", rmErr)
		}
	}()
	wheels, err := fetch(ctx, p, work)
	if err != nil {
		return in, err
	}
	f.Log("libtorch: unpacking libtorch %s into %s", Version, f.installDir())
	root := filepath.Join(work, "libtorch")
	if err := unpack(wheels, root); err != nil {
		return in, err
	}
	if err := f.checkLoads(ctx, filepath.Join(root, "lib")); err != nil {
		return in, err
	}
	if in, err = Inspect(root); err != nil {
		return in, err
	}
	// An older attempt may have left an unusable folder of that name.
	if err := os.RemoveAll(f.installDir()); err != nil {
		return in, fmt.Errorf("libtorch: %w", err)
	}
	if err := os.Rename(root, f.installDir()); err != nil {
		return in, fmt.Errorf("libtorch: %w", err)
	}
	return Inspect(f.installDir())
}
