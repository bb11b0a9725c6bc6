package libtorch

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Installation is one libtorch on disk.
type Installation struct {
	// Root names the installation for people: the folder that holds include/
	// and lib/, or /usr for Debian's package.
	Root string
	// Include are the header folders, in search order.
	Include []string
	// Lib is the folder of the shared libraries.
	Lib string
	// Version is the one its headers state, such as "2.11.0".
	Version string
}

// SameMinor reports whether the installation is of the given version, up to the
// last number.
func (i Installation) SameMinor(version string) bool {
	return minor(i.Version) == minor(version)
}

func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}

// Inspect looks at a folder that holds include/ and lib/, as an unpacked
// libtorch and the torch folder of a Python installation do.
func Inspect(root string) (Installation, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return Installation{}, fmt.Errorf("libtorch: %w", err)
	}
	in, err := inspect(filepath.Join(root, "include"), filepath.Join(root, "lib"))
	in.Root = root
	return in, err
}

// inspect checks the headers, the two libraries that are linked and the version.
func inspect(include, lib string) (Installation, error) {
	in := Installation{
		Include: []string{include, filepath.Join(include, "torch", "csrc", "api", "include")},
		Lib:     lib,
	}
	if _, err := os.Stat(filepath.Join(include, "torch", "script.h")); err != nil {
		return in, fmt.Errorf("libtorch: no torch/script.h in %s: a complete libtorch has include/ and lib/", include)
	}
	for _, name := range []string{"libtorch_cpu", "libc10"} {
		if library(lib, name) == "" {
			return in, fmt.Errorf("libtorch: no %s in %s: a complete libtorch has include/ and lib/", name, lib)
		}
	}
	var err error
	in.Version, err = headerVersion(include)
	return in, err
}

// library is the path of a shared library by its stem, "" if there is none.
func library(dir, stem string) string {
	for _, ext := range []string{".so", ".dylib"} {
		path := filepath.Join(dir, stem+ext)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

var versionNumber = regexp.MustCompile(`(?m)^#define TORCH_VERSION_(?:MAJOR|MINOR|PATCH)\s+(\d+)`)

// headerVersion reads TORCH_VERSION_{MAJOR,MINOR,PATCH}, defined in this order.
// They moved from the C++ API's header to headeronly/ in 2.10.
func headerVersion(include string) (string, error) {
	for _, header := range []string{"torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"} {
		text, err := os.ReadFile(filepath.Join(include, header))
		if err != nil {
			continue
		}
		numbers := versionNumber.FindAllSubmatch(text, 3)
		if len(numbers) == 3 {
			return fmt.Sprintf("%s.%s.%s", numbers[0][1], numbers[1][1], numbers[2][1]), nil
		}
	}
	return "", fmt.Errorf("libtorch: %s states no version: its headers are incomplete or older than 1.8", include)
}
