package libtorch

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unpack makes a libtorch out of wheels: the torch wheel first, then those that
// hold further libraries. It takes the headers, the licence, the two libraries
// that are linked and, transitively, whatever they load that a wheel holds. The
// rest of the wheel, which is the larger part of it, is Python and CUDA.
func unpack(wheels []string, root string) error {
	libs := map[string]*zip.File{} // shared libraries by file name
	var headers []*zip.File
	for _, name := range wheels {
		z, err := zip.OpenReader(name)
		if err != nil {
			return fmt.Errorf("libtorch: %s: %w", filepath.Base(name), err)
		}
		defer z.Close()
		for _, file := range z.File {
			base := path.Base(file.Name)
			switch {
			case strings.HasPrefix(file.Name, "torch/include/"), isLicence(file.Name):
				headers = append(headers, file)
			case strings.Contains(base, ".so"), strings.HasSuffix(base, ".dylib"):
				if _, seen := libs[base]; !seen {
					libs[base] = file
				}
			}
		}
	}
	for _, file := range headers {
		name := strings.TrimPrefix(file.Name, "torch/")
		if isLicence(file.Name) {
			name = path.Base(name)
		}
		if err := extract(file, filepath.Join(root, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return unpackLibraries(libs, filepath.Join(root, "lib"))
}

func isLicence(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, "torch-") && (base == "LICENSE" || base == "NOTICE")
}

// unpackLibraries extracts libtorch_cpu, libc10 and what they load. They all go
// into one folder: libtorch_cpu looks beside itself.
func unpackLibraries(libs map[string]*zip.File, dir string) error {
	var queue []string
	for _, stem := range []string{"libtorch_cpu", "libc10"} {
		for _, ext := range []string{".so", ".dylib"} {
			if libs[stem+ext] != nil {
				queue = append(queue, stem+ext)
			}
		}
	}
	done := map[string]bool{}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if done[name] || libs[name] == nil {
			continue // the system's, as the check after unpacking will tell
		}
		done[name] = true
		to := filepath.Join(dir, name)
		if err := extract(libs[name], to); err != nil {
			return err
		}
		next, err := needed(to)
		if err != nil {
			return err
		}
		queue = append(queue, next...)
	}
	return nil
}

// extract writes one file of a wheel.
func extract(file *zip.File, to string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("libtorch: unpack %s: %w", file.Name, err)
		}
	}()
	if !filepath.IsLocal(filepath.FromSlash(file.Name)) {
		return fmt.Errorf("its path leaves the archive")
	}
	if strings.HasSuffix(file.Name, "/") {
		return nil
	}
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	_, err = io.Copy(out, in)
	return err
}
