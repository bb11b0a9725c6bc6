package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/torchlight-go/torchlight/npy"
)

// compareFolders checks that both sides left n overlays and maps, and returns the
// median over photos of the largest difference of a map. The two decode JPEGs to levels
// that differ by up to 3 (docs/decisions/0007-photo-to-tensor.md), which a class that is
// best by a hair's breadth can fall to: one map in twenty may be another.
func compareFolders(ours, theirs string, n int) (float64, error) {
	for _, folder := range []string{ours, theirs} {
		for _, kind := range []string{"overlay.png", "map.npy"} {
			found, err := filepath.Glob(filepath.Join(folder, "*."+kind))
			if err != nil {
				return 0, err
			}
			if len(found) != n {
				return 0, fmt.Errorf("%s holds %d files *.%s, not %d", folder, len(found), kind, n)
			}
		}
	}
	differences := make([]float64, n)
	for i := range differences {
		var err error
		name := photoName(i) + ".map.npy"
		if differences[i], err = compareMaps(filepath.Join(ours, name), filepath.Join(theirs, name)); err != nil {
			return 0, err
		}
	}
	slices.Sort(differences)
	if differences[n*19/20] > 0.05 {
		return 0, errors.New("maps of more than one photo in twenty differ by more than 0.05")
	}
	return differences[n/2], nil
}

// compareMaps is the largest difference of two maps.
func compareMaps(ours, theirs string) (float64, error) {
	a, err := npy.ReadFile(ours)
	if err != nil {
		return 0, err
	}
	b, err := npy.ReadFile(theirs)
	if err != nil {
		return 0, err
	}
	if !slices.Equal(a.Shape, b.Shape) {
		return 0, fmt.Errorf("%s is of shape %v, %s of %v", ours, a.Shape, theirs, b.Shape)
	}
	most := 0.0
	for i, v := range a.Data {
		most = max(most, float64(v-b.Data[i]), float64(b.Data[i]-v))
	}
	return most, nil
}
