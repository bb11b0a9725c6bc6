package libtorch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Finder finds a libtorch or installs one. [NewFinder] makes one for this
// machine.
type Finder struct {
	// Platform is GOOS/GOARCH.
	Platform string
	// Cache is the folder that installations are kept in.
	Cache string
	// Flags is the flags file of the clone at hand, "" outside one.
	Flags string
	// System are folders that a libtorch may have been unpacked to by hand.
	System []string
	// Getenv looks up $LIBTORCH.
	Getenv func(string) string
	// Log gets one line for each long step and each warning.
	Log func(format string, args ...any)

	pins   func(platform string) (pins, error)
	run    func(ctx context.Context, name string, args ...string) ([]byte, error)
	client *http.Client
	// stall is how long a download may stand still before it is given up.
	stall time.Duration
	// include and libs are where Debian's package puts headers and libraries.
	include string
	libs    []string
}

// NewFinder returns a Finder for this machine, with the cache in the user's
// cache folder. It logs nothing until Log is set.
func NewFinder() (*Finder, error) {
	cache, err := cacheDir(os.Getenv)
	if err != nil {
		return nil, err
	}
	return &Finder{
		Platform: Platform(),
		Cache:    cache,
		System:   []string{"/usr/local/libtorch", "/opt/libtorch"},
		Getenv:   os.Getenv,
		Log:      func(string, ...any) {},
		pins:     pinned,
		run:      output,
		client:   newClient(),
		stall:    30 * time.Second,
		include:  "/usr/include",
		libs:     []string{"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"},
	}, nil
}

// cacheDir is ${XDG_CACHE_HOME:-~/.cache}/torchlight on every platform.
func cacheDir(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_CACHE_HOME"); dir != "" {
		if !filepath.IsAbs(dir) {
			return "", fmt.Errorf("libtorch: XDG_CACHE_HOME is %q: it must be an absolute path", dir)
		}
		return filepath.Join(dir, "torchlight"), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("libtorch: neither HOME nor XDG_CACHE_HOME is set: set one of them to a folder that can be written")
	}
	return filepath.Join(home, ".cache", "torchlight"), nil
}

// errAbsent says that a source has nothing to offer, without having tried hard.
var errAbsent = errors.New("not there")

// source is one place a libtorch may come from.
type source struct {
	name string
	get  func(context.Context) (Installation, error)
}

// Install returns the first libtorch found, downloading one if need be.
func (f *Finder) Install(ctx context.Context) (Installation, error) {
	if strings.HasPrefix(f.Platform, "windows/") {
		return Installation{}, errors.New("libtorch: Windows is not supported: use Linux, macOS or WSL 2")
	}
	if root := f.Getenv("LIBTORCH"); root != "" {
		in, err := Inspect(root)
		if err != nil {
			return in, fmt.Errorf("LIBTORCH=%s: %w", root, err)
		}
		return in, nil
	}
	var tried []string
	for _, s := range []source{
		{"this clone's last", f.previous},
		{"cache", f.cached},
		{"Python torch", f.python},
		{"system folders", f.system},
		{"download", f.download},
		{"Debian's libtorch-dev", f.debianPackage},
	} {
		in, err := s.get(ctx)
		if err == nil {
			return in, nil
		}
		if ctx.Err() != nil {
			return in, fmt.Errorf("libtorch: %w", ctx.Err())
		}
		if !errors.Is(err, errAbsent) {
			tried = append(tried, err.Error())
		}
	}
	return Installation{}, fmt.Errorf("libtorch: none found and none could be installed (%s): install python3 with pip and make its package index reachable, or set LIBTORCH to a folder that holds include/ and lib/",
		strings.Join(tried, "; "))
}

// previous is the installation that the clone's flags file names.
func (f *Finder) previous(context.Context) (Installation, error) {
	if f.Flags == "" {
		return Installation{}, errAbsent
	}
	return f.wanted(readFlags(f.Flags))
}

// cached is the installation that an earlier download left.
func (f *Finder) cached(context.Context) (Installation, error) {
	return f.wanted(f.installDir())
}

// installDir is where a download ends up.
func (f *Finder) installDir() string {
	return filepath.Join(f.Cache, "libtorch-"+Version+"-"+strings.ReplaceAll(f.Platform, "/", "-"))
}

// python is the torch package of the python3 on the path. It is located without
// being imported: that takes seconds and runs foreign code.
func (f *Finder) python(ctx context.Context) (Installation, error) {
	const locate = "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s and s.submodule_search_locations else '')"
	out, err := f.run(ctx, "python3", "-c", locate)
	if err != nil {
		return Installation{}, errAbsent
	}
	in, err := f.wanted(strings.TrimSpace(string(out)))
	if err != nil {
		return in, err
	}
	if err := f.checkLoads(ctx, in.Lib); err != nil {
		f.Log("libtorch: passing over the Python torch in %s: %v", in.Root, err)
		return in, errAbsent
	}
	f.Log("libtorch: using the Python torch in %s", in.Root)
	return in, nil
}

// system is a libtorch that somebody unpacked by hand.
func (f *Finder) system(context.Context) (Installation, error) {
	for _, root := range f.System {
		if in, err := f.wanted(root); err == nil {
			return in, nil
		}
	}
	return Installation{}, errAbsent
}

// wanted is the installation in a folder if it is complete and of our version.
func (f *Finder) wanted(root string) (Installation, error) {
	if root == "" {
		return Installation{}, errAbsent
	}
	in, err := Inspect(root)
	if err != nil || !in.SameMinor(Version) {
		return Installation{}, errAbsent
	}
	return in, nil
}

// debianPackage is the distribution's own libtorch, years behind.
func (f *Finder) debianPackage(context.Context) (Installation, error) {
	for _, lib := range f.libs {
		in, err := inspect(f.include, lib)
		if err != nil {
			continue
		}
		in.Root = filepath.Dir(f.include)
		f.Log("libtorch: warning: using libtorch %s of the distribution, where %s is what this module is tested with", in.Version, Version)
		return in, nil
	}
	return Installation{}, errAbsent
}

// output runs a program and returns its standard output, or the last line of
// what it complained about.
func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
		return out, fmt.Errorf("%s: %w: %s", name, err, lines[len(lines)-1])
	}
	if err != nil {
		return out, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}
