package explain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrUsage marks what is wrong with the question itself, found before any work.
var ErrUsage = errors.New("usage")

// misuse is an error of kind ErrUsage whose text is err's.
type misuse struct{ err error }

func (m misuse) Error() string   { return m.err.Error() }
func (m misuse) Unwrap() []error { return []error{ErrUsage, m.err} }

func misusef(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }

// Inputs replaces folders by the photos and arrays that lie in them, by name, not
// looking into folders within. Results are named by the stem of an input, so two
// inputs of one stem are an error of kind [ErrUsage].
//
// Files are not opened: one that is missing is an input that fails.
func Inputs(args []string) ([]string, error) {
	var files []string
	for _, a := range args {
		if info, err := os.Stat(a); err != nil || !info.IsDir() {
			files = append(files, a)
			continue
		}
		found, err := inFolder(a)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	seen := map[string]string{}
	for _, f := range files {
		other, taken := seen[stem(f)]
		if taken && other == f {
			return nil, misusef("%s is given twice; name it once", f)
		}
		if taken {
			return nil, misusef("%s and %s would both be written as %s.*; explain them in two runs, into two folders", other, f, stem(f))
		}
		seen[stem(f)] = f
	}
	return files, nil
}

func inFolder(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("folder %s cannot be read: %w", folder, err)
	}
	var found []string
	for _, e := range entries {
		if !e.IsDir() && known(e.Name()) {
			found = append(found, filepath.Join(folder, e.Name()))
		}
	}
	if len(found) == 0 {
		return nil, misusef("folder %s holds no %s; name files, or another folder", folder, strings.Join(extensions(), ", "))
	}
	return found, nil
}

// extensions are those of the files that a folder stands for.
func extensions() []string { return []string{".png", ".jpg", ".jpeg", ".gif", ".npy"} }

// known leaves out hidden files, among them those that macOS writes beside photos.
func known(name string) bool {
	return !strings.HasPrefix(name, ".") && slices.Contains(extensions(), strings.ToLower(filepath.Ext(name)))
}

// stem is the name of an input's results.
func stem(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

func isArray(file string) bool { return strings.EqualFold(filepath.Ext(file), ".npy") }
