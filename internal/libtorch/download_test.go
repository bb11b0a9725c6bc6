package libtorch

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// listing are the paths below a folder, as a wheel's would be written.
func listing(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(root, path)
			names = append(names, name)
		}
		return err
	}))
	return names
}

// TestDownloadKeepsWhatIsLoaded takes the headers, the licence and the libraries
// that libtorch_cpu loads, out of two wheels, and nothing else.
func TestDownloadKeepsWhatIsLoaded(t *testing.T) {
	f, log := newTestFinder(t, newIndex(t))
	in, err := f.Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, Version, in.Version)
	require.Equal(t, []string{
		"LICENSE",
		"include/torch/headeronly/version.h",
		"include/torch/script.h",
		"lib/libc10.so",
		"lib/libcudart.so.13",
		"lib/libgomp.so.1",
		"lib/libtorch_cpu.so",
	}, listing(t, in.Root))
	require.Equal(t, []string{"libtorch-2.11.0-linux-amd64", "libtorch.lock"}, entries(t, f.Cache))
	require.Len(t, *log, 3, "one line for each long step: %v", *log)

	*log = nil
	again, err := f.Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, in, again)
	require.Empty(t, *log, "a second run is silent")
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestOfficialBuild(t *testing.T) {
	ix := newIndex(t)
	stop := make(chan struct{})
	send := func(w http.ResponseWriter, data []byte) {
		if _, err := w.Write(data); err != nil {
			t.Errorf("server: %v", err)
		}
	}
	t.Cleanup(func() { close(stop) })
	for name, c := range map[string]struct {
		serve    http.HandlerFunc
		logs     string
		fallback bool // to PyPI
	}{
		"whole": {
			serve: func(w http.ResponseWriter, _ *http.Request) { send(w, ix.official) },
		},
		"missing": {
			serve:    http.NotFound,
			logs:     "404 Not Found",
			fallback: true,
		},
		"tampered with": {
			serve:    func(w http.ResponseWriter, _ *http.Request) { send(w, append([]byte{0}, ix.official...)) },
			logs:     "not used",
			fallback: true,
		},
		"cut off": {
			serve: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "999999")
				send(w, ix.official[:100])
			},
			logs:     "unexpected EOF",
			fallback: true,
		},
		"standing still": {
			serve: func(w http.ResponseWriter, r *http.Request) {
				send(w, ix.official[:100])
				w.(http.Flusher).Flush()
				select {
				case <-stop:
				case <-r.Context().Done():
				}
			},
			logs:     "no data for 200ms",
			fallback: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.serve)
			defer server.Close()
			f, log := newTestFinder(t, ix)
			f.pins = ix.pins(server.URL)
			f.stall = 200 * time.Millisecond
			ix.calls = nil
			in, err := f.Install(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.fallback, len(ix.calls) > 0)
			require.Contains(t, strings.Join(*log, "\n"), c.logs)
			_, err = os.Stat(filepath.Join(in.Lib, "libcudart.so.13"))
			require.Equal(t, c.fallback, err == nil, "only the PyPI wheel loads CUDA")
		})
	}
}

// TestConcurrentRunsDownloadOnce runs eight at a time on one cache.
func TestConcurrentRunsDownloadOnce(t *testing.T) {
	ix := newIndex(t)
	cache := filepath.Join(t.TempDir(), "torchlight")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		f, _ := newTestFinder(t, ix)
		f.Cache = cache
		wg.Go(func() { _, errs[i] = f.Install(t.Context()) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, []string{"torch", "nvidia-cuda-runtime"}, ix.calls)
	require.Equal(t, []string{"libtorch-2.11.0-linux-amd64", "libtorch.lock"}, entries(t, cache))
}

// TestFailuresLeaveNothing checks that no half installation is ever used: the
// next run starts afresh and succeeds.
func TestFailuresLeaveNothing(t *testing.T) {
	whole := newIndex(t)
	lib := whole.wheels["nvidia-cuda-runtime"]
	for name, c := range map[string]struct {
		breakIt func(ix *index, f *Finder)
		says    string
	}{
		"a companion that cannot be had": {
			func(ix *index, f *Finder) { delete(ix.wheels, "nvidia-cuda-runtime") },
			"no matching distribution found for nvidia-cuda-runtime",
		},
		"a companion without the library": {
			func(ix *index, f *Finder) { ix.wheels["nvidia-cuda-runtime"] = zipOf(t, nil) },
			"needs libcudart.so.13, which this system lacks",
		},
		"a wheel that is no zip": {
			func(ix *index, f *Finder) { ix.wheels["torch"] = []byte("<html>") },
			"not a valid zip file",
		},
		"a wheel cut off": {
			func(ix *index, f *Finder) { ix.wheels["torch"] = ix.wheels["torch"][:2000] },
			"not a valid zip file",
		},
		"a library that is none": {
			func(ix *index, f *Finder) {
				ix.wheels["torch"] = zipOf(t, map[string][]byte{"torch/lib/libtorch_cpu.so": []byte("text")})
			},
			"is no shared library",
		},
		"a wheel without libtorch": {
			func(ix *index, f *Finder) { ix.wheels["torch"] = zipOf(t, nil) },
			"no torch/script.h",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ix := &index{wheels: map[string][]byte{"torch": whole.wheels["torch"], "nvidia-cuda-runtime": lib}}
			f, _ := newTestFinder(t, ix)
			c.breakIt(ix, f)
			_, err := f.Install(t.Context())
			require.ErrorContains(t, err, c.says)
			require.Equal(t, []string{"libtorch.lock"}, entries(t, f.Cache))

			f.run = whole.run
			_, err = f.Install(t.Context())
			require.NoError(t, err)
		})
	}
}

// TestInterrupted cancels in the middle of a download, and clears up after a
// process that was killed.
func TestInterrupted(t *testing.T) {
	ix := newIndex(t)
	f, _ := newTestFinder(t, ix)
	ctx, cancel := context.WithCancel(t.Context())
	f.run = func(ctx context.Context, name string, args ...string) ([]byte, error) {
		if args[0] == "-m" {
			cancel()
		}
		return ix.run(ctx, name, args...)
	}
	_, err := f.Install(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"libtorch.lock"}, entries(t, f.Cache))

	writeFiles(t, f.Cache, map[string]string{
		".partial-123/libtorch/lib/libtorch_cpu.so":   "half",
		"libtorch-2.11.0-linux-amd64/include/empty.h": "", // unusable
	})
	f.run = ix.run
	_, err = f.Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"libtorch-2.11.0-linux-amd64", "libtorch.lock"}, entries(t, f.Cache))
	require.NoFileExists(t, filepath.Join(f.installDir(), "include/empty.h"))
}

func TestLockWaitsAndCanBeGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, func() { t.Error("nobody holds it") })
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = lock(ctx, path, cancel)
	require.ErrorIs(t, err, context.Canceled)
	unlock()
	unlock, err = lock(t.Context(), path, func() { t.Error("it was given back") })
	require.NoError(t, err)
	unlock()
}

func TestUnpackRefusesPathsThatLeaveTheArchive(t *testing.T) {
	wheel := filepath.Join(t.TempDir(), "torch.whl")
	data := zipOf(t, map[string][]byte{"torch/include/../../../escaped.h": []byte("x")})
	require.NoError(t, os.WriteFile(wheel, data, 0o644))
	root := filepath.Join(t.TempDir(), "a", "b")
	require.ErrorContains(t, unpack([]string{wheel}, root), "leaves the archive")
	require.NoFileExists(t, filepath.Join(filepath.Dir(root), "escaped.h"))
}

func TestNotFound(t *testing.T) {
	// As glibc 2.36 prints it.
	const ldd = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc10.so => /x/libc10.so (0x00007f)\n\tlibcupti.so.13 => not found\n\tlibgomp.so.1 => not found\n"
	require.Equal(t, []string{"libcupti.so.13", "libgomp.so.1"}, notFound(ldd))
	require.Empty(t, notFound("\tstatically linked\n"))
}
