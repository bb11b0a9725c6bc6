package explain

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/atomicfile"
	"github.com/torchlight-go/torchlight/npy"
)

// writable makes the folder of the results, and tries to write in it: an
// explanation that cannot be kept need not be computed.
func writable(folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("folder %s for the results cannot be made: %w; name another with --out", folder, err)
	}
	f, err := os.CreateTemp(folder, ".torchlight-*")
	if err != nil {
		return fmt.Errorf("folder %s is not writable: %w; change its permissions or name another with --out", folder, err)
	}
	_ = f.Close()
	return os.Remove(f.Name())
}

// file is one result, and how to write it.
type file struct {
	path  string
	write func(path string) error
}

// write writes the files of an input: what takes the disk's time all at once, the
// record when everything else is there. With several methods each has files of its
// own, x.METHOD.map.npy.
func (s *Session) write(w *work) ([]Record, error) {
	base := filepath.Join(s.config.Out, stem(w.file))
	var all []Record
	for m, way := range s.ways {
		own := base
		if len(s.ways) > 1 {
			own += "." + way.Name()
		}
		records, err := s.writeMethod(w, m, own)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}

// writeMethod writes what method m found. Only the disk is waited for without a core.
func (s *Session) writeMethod(w *work, m int, base string) ([]Record, error) {
	e := w.explained[m]
	pen := s.pens.take()
	defer func() {
		if !w.large() {
			s.pens.give(pen)
		}
	}()
	files, rendering, err := s.draw(w, m, base, pen)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.file, err)
	}
	if err := writeAll(files); err != nil {
		return nil, err
	}
	paths := make([]string, 0, len(files)+1)
	for _, f := range files {
		paths = append(paths, f.path)
	}
	paths = append(paths, base+".json")
	records := make([]Record, len(e.results))
	for i, r := range e.results {
		records[i] = s.record(w, m, r, rendering)
		records[i].Files = paths
	}
	return records, writeRecords(base+".json", records, w.photo != nil)
}

// draw makes the maps and the picture, with the time that took.
func (s *Session) draw(w *work, m int, base string, with *pen) ([]file, time.Duration, error) {
	s.cores.take()
	defer s.cores.give()
	e := w.explained[m]
	start := time.Now()
	maps := make([]engine.Array, len(e.results))
	for i, r := range e.results {
		maps[i] = r.Map()
	}
	var files []file
	if w.photo != nil && !e.results[0].Placeless() {
		picture, err := s.overlay(w, m, maps[0], with)
		if err != nil {
			return nil, 0, err
		}
		if err := with.encode(picture); err != nil {
			return nil, 0, err
		}
		files = append(files, file{base + ".overlay.png", with.write})
	}
	return append(files, s.arrays(w, e, maps, base)...), time.Since(start), nil
}

func writeAll(files []file) error {
	errs := make([]error, len(files))
	var wg sync.WaitGroup
	for i, f := range files {
		wg.Go(func() { errs[i] = f.write(f.path) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// writeRecords writes one object for a photo, a list for an array of samples.
func writeRecords(path string, records []Record, photo bool) error {
	var doc any = records
	if photo {
		doc = records[0]
	}
	return atomicfile.Write(path, 0o666, func(out io.Writer) error {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(doc)
	})
}

// arrays are the results in .npy. A photo's have no batch axis.
func (s *Session) arrays(w *work, e explained, maps []engine.Array, base string) []file {
	var files []file
	add := func(name string, of func(i int) engine.Array) {
		if a := w.gather(of); a.Len() > 0 {
			files = append(files, file{base + "." + name + ".npy", func(path string) error { return npy.WriteFile(path, a) }})
		}
	}
	addLayers := func(name string, n int, of func(i, layer int) engine.Array) {
		for k := range n {
			numbered := name
			if n > 1 {
				numbered = fmt.Sprintf("%s.%d", name, k)
			}
			add(numbered, func(i int) engine.Array { return of(i, k) })
		}
	}
	add("map", func(i int) engine.Array { return maps[i] })
	addLayers("raw", len(e.results[0].Raw), func(i, k int) engine.Array { return e.results[i].Raw[k].Values })
	if slices.Contains(s.config.Save, Input) {
		add("input", func(i int) engine.Array { return w.array.Row(i) })
	}
	addLayers("activation", len(e.saved[0].activations), func(i, k int) engine.Array { return e.saved[i].activations[k] })
	addLayers("gradient", len(e.saved[0].gradients), func(i, k int) engine.Array { return e.saved[i].gradients[k] })
	if slices.Contains(s.config.Save, Output) {
		add("output", func(i int) engine.Array { return e.saved[i].output })
	}
	return files
}

// gather stacks one array of each sample.
func (w *work) gather(of func(i int) engine.Array) engine.Array {
	if w.photo != nil {
		return of(0)
	}
	return stacked(w.samples(), of)
}
