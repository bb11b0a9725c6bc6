package libtorch

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOrder puts a libtorch into every place and takes the winner away, one
// after the other.
func TestOrder(t *testing.T) {
	ix := newIndex(t)
	f, _ := newTestFinder(t, ix)
	dir := t.TempDir()
	place := func(name string) string { return fakeRoot(t, filepath.Join(dir, name), Version) }

	named := fakeRoot(t, filepath.Join(dir, "named"), "2.6.0") // another version, but asked for
	f.Getenv = func(string) string { return named }
	f.Flags = filepath.Join(dir, "zlibtorch_flags.go")
	_, err := WriteFlags(f.Flags, at(place("previous")))
	require.NoError(t, err)
	fakeRoot(t, f.installDir(), Version)
	site := place("site-packages/torch")
	f.run = func(ctx context.Context, name string, args ...string) ([]byte, error) {
		if name == "python3" && args[0] == "-c" {
			return []byte(site + "\n"), nil
		}
		if name == "ldd" && site != "" {
			return nil, nil
		}
		return ix.run(ctx, name, args...)
	}
	f.System = []string{filepath.Join(dir, "none"), place("opt/libtorch")}

	won := func() string {
		in, err := f.Install(t.Context())
		require.NoError(t, err)
		return in.Root
	}
	require.Equal(t, named, won())
	f.Getenv = func(string) string { return "" }
	require.Equal(t, filepath.Join(dir, "previous"), won())
	f.Flags = ""
	require.Equal(t, f.installDir(), won())
	f.Cache = filepath.Join(dir, "empty")
	require.Equal(t, site, won())
	site = ""
	require.Equal(t, filepath.Join(dir, "opt/libtorch"), won())
	f.System = nil
	require.Empty(t, ix.calls, "nothing is downloaded while one is there")
	require.Equal(t, f.installDir(), won())
	require.Equal(t, []string{"torch", "nvidia-cuda-runtime"}, ix.calls)
}

// TestOtherVersions passes over complete installations of another version.
func TestOtherVersions(t *testing.T) {
	f, _ := newTestFinder(t, newIndex(t))
	dir := t.TempDir()
	old := fakeRoot(t, filepath.Join(dir, "old"), "2.10.0")
	f.Flags = filepath.Join(dir, "zlibtorch_flags.go")
	_, err := WriteFlags(f.Flags, at(old))
	require.NoError(t, err)
	f.System = []string{old}
	in, err := f.Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, f.installDir(), in.Root)
}

// TestPythonTorchThatDoesNotLoad passes over a torch that was installed without
// the libraries it needs, as "pip install --no-deps" leaves it.
func TestPythonTorchThatDoesNotLoad(t *testing.T) {
	ix := newIndex(t)
	f, log := newTestFinder(t, ix)
	site := fakeRoot(t, t.TempDir(), Version)
	f.run = func(ctx context.Context, name string, args ...string) ([]byte, error) {
		switch {
		case name == "python3" && args[0] == "-c":
			return []byte(site + "\n"), nil
		case name == "ldd" && strings.HasPrefix(args[0], site):
			return []byte("\tlibcudart.so.13 => not found\n"), nil
		}
		return ix.run(ctx, name, args...)
	}
	in, err := f.Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, f.installDir(), in.Root)
	require.Contains(t, (*log)[0], "passing over the Python torch in "+site)
	require.Contains(t, (*log)[0], "needs libcudart.so.13")
}

func TestInstallRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Finder)
		says   []string
	}{
		"windows": {
			func(f *Finder) { f.Platform = "windows/amd64" },
			[]string{"Windows is not supported: use Linux, macOS or WSL 2"},
		},
		"an unknown platform": {
			func(f *Finder) { f.Platform, f.pins = "plan9/386", pinned },
			[]string{"no build for plan9/386 is known", "set LIBTORCH"},
		},
		"a wrong LIBTORCH, even if there are others": {
			func(f *Finder) { f.Getenv = func(string) string { return "/no/such/folder" } },
			[]string{"LIBTORCH=/no/such/folder", "has include/ and lib/"},
		},
		"an index without the wheel": {
			func(f *Finder) {
				f.run = func(ctx context.Context, name string, args ...string) ([]byte, error) {
					return output(ctx, "sh", "-c", "echo first >&2; echo 'ERROR: No matching distribution' >&2; exit 1")
				}
			},
			[]string{"pip download torch==2.11.0", "ERROR: No matching distribution", "set LIBTORCH"},
		},
		"an unwritable cache": {
			func(f *Finder) { f.Cache = "/dev/null/torchlight" },
			[]string{"cache cannot be written", "XDG_CACHE_HOME"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := newTestFinder(t, newIndex(t))
			c.change(f)
			_, err := f.Install(t.Context())
			require.Error(t, err)
			require.NotContains(t, err.Error(), "\n", "an error is one line")
			for _, s := range c.says {
				require.ErrorContains(t, err, s)
			}
		})
	}
}

func TestDebianPackageIsTheLastResortAndWarns(t *testing.T) {
	f, log := newTestFinder(t, newIndex(t))
	f.run = func(ctx context.Context, name string, args ...string) ([]byte, error) {
		return output(ctx, "false")
	}
	usr := fakeRoot(t, t.TempDir(), "1.13.1")
	f.include, f.libs = filepath.Join(usr, "include"), []string{filepath.Join(usr, "lib", "none"), filepath.Join(usr, "lib")}
	in, err := f.Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, usr, in.Root)
	require.Contains(t, strings.Join(*log, "\n"), "warning: using libtorch 1.13.1 of the distribution, where 2.11.0")
}

func TestCacheDir(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	dir, err := cacheDir(env("HOME", "/home/a", "XDG_CACHE_HOME", "/cache"))
	require.NoError(t, err)
	require.Equal(t, "/cache/torchlight", dir)
	dir, err = cacheDir(env("HOME", "/home/a"))
	require.NoError(t, err)
	require.Equal(t, "/home/a/.cache/torchlight", dir)
	_, err = cacheDir(env("XDG_CACHE_HOME", "relative"))
	require.ErrorContains(t, err, "absolute")
	_, err = cacheDir(env())
	require.ErrorContains(t, err, "neither HOME nor XDG_CACHE_HOME")
}

// TestPins checks that every pin is whole: a typing error in a sum would show
// only on a machine without a cache.
func TestPins(t *testing.T) {
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/arm64"} {
		p, err := pinned(platform)
		require.NoError(t, err)
		sums := []string{p.torch.sha256}
		for _, w := range p.companions {
			require.NotEmpty(t, w.provides)
			require.NotEmpty(t, w.tag)
			sums = append(sums, w.sha256)
		}
		if p.official.url != "" {
			require.Contains(t, p.official.url, Version)
			sums = append(sums, p.official.sha256)
		}
		require.Equal(t, Version, p.torch.version)
		seen := map[string]bool{}
		for _, s := range sums {
			require.Regexp(t, "^[0-9a-f]{64}$", s)
			require.False(t, seen[s], "two files cannot have one sum")
			seen[s] = true
		}
	}
}
