package figure

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Own is the value of this library: milliseconds of one call.
const Own = "torchlight_ms"

// Figure is one element of build/bench.json.
type Figure struct {
	// Case is unique in a file, Part the table or plot that it belongs to.
	Case string `json:"case"`
	Part string `json:"part"`

	Model   string `json:"model"`
	Layer   string `json:"layer"`
	Method  string `json:"method"`
	Batch   int    `json:"batch"`
	Threads int    `json:"threads"`
	// Size is the edge of the square input in pixels, 0 if there is none.
	Size int `json:"size,omitempty"`
	// Channels are those of the layer, where a curve is drawn over them.
	Channels int `json:"channels,omitempty"`
	// Images are those of one call, where it has more than Batch (a folder).
	Images int `json:"images,omitempty"`
	// Rounds were taken, with so many calls of each side in each.
	Rounds int `json:"rounds"`
	Calls  int `json:"calls,omitempty"`

	// Ratios say how many times as much as ours another side took: quartiles of
	// the rounds' ratios, by the name of the value ("torch_cam_ms").
	Ratios map[string]Quartiles `json:"ratios"`
	// Differences are the largest between our map and that of a side, relative to
	// its largest value, by side. A side whose map cannot be compared has none.
	Differences map[string]float64 `json:"differences,omitempty"`
	// Values are flattened: the median under its name, the quartiles under
	// "quartiles".
	Values map[string]Quartiles `json:"-"`

	Run Run `json:"run"`
}

// Run says when, how and on what a figure was measured.
type Run struct {
	Command string `json:"command"`
	Date    string `json:"date"` // YYYY-MM-DD
	CPU     string `json:"cpu"`
	// Capability is what libtorch's own kernels use: AVX512, AVX2, DEFAULT.
	Capability string `json:"capability"`
	// Cores are logical processors, Memory is in GiB.
	Cores  int     `json:"cores"`
	Memory float64 `json:"memory_gib"`
	// Versions are those of Go, libtorch and the Python packages.
	Versions map[string]string `json:"versions"`
}

// Cost is how many times as much as another side ours took, the inverse of a ratio.
func (f *Figure) Cost(name string) (Quartiles, bool) {
	r, ok := f.Ratios[name]
	if !ok || r.Q1 == 0 {
		return Quartiles{}, false
	}
	return Quartiles{1 / r.Q3, 1 / r.Median, 1 / r.Q1}, true
}

// Set stores the samples of a value of every round. Ratios to ours follow if both
// were measured round by round; ours is set first.
func (f *Figure) Set(name string, samples, ours []float64) {
	if f.Values == nil {
		f.Values, f.Ratios = map[string]Quartiles{}, map[string]Quartiles{}
	}
	f.Values[name] = QuartilesOf(samples)
	if ours == nil {
		return
	}
	ratios := make([]float64, len(samples))
	for i, s := range samples {
		ratios[i] = s / ours[i]
	}
	f.Ratios[name] = QuartilesOf(ratios)
}

// plain is Figure without its methods.
type plain Figure

// MarshalJSON writes values as "torch_cam_ms": 24.1.
func (f Figure) MarshalJSON() ([]byte, error) {
	doc, err := json.Marshal(plain(f))
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range f.Values {
		names = append(names, name)
	}
	slices.SortFunc(names, compareNames)
	quartiles := map[string][2]float64{}
	out := strings.TrimSuffix(string(doc), "}")
	for _, name := range names {
		q := f.Values[name]
		out += fmt.Sprintf(",%q:%s", name, strconv.FormatFloat(Short(q.Median), 'f', -1, 64))
		quartiles[name] = [2]float64{Short(q.Q1), Short(q.Q3)}
	}
	if doc, err = json.Marshal(quartiles); err != nil {
		return nil, err
	}
	return []byte(out + `,"quartiles":` + string(doc) + "}"), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *Figure) UnmarshalJSON(doc []byte) error {
	if err := json.Unmarshal(doc, (*plain)(f)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(doc, &all); err != nil {
		return err
	}
	quartiles := map[string][2]float64{}
	if q, ok := all["quartiles"]; ok {
		if err := json.Unmarshal(q, &quartiles); err != nil {
			return err
		}
	}
	f.Values = map[string]Quartiles{}
	for name, q := range quartiles {
		v := Quartiles{Q1: q[0], Q3: q[1]}
		if err := json.Unmarshal(all[name], &v.Median); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		f.Values[name] = v
	}
	return nil
}

// compareNames puts ours first.
func compareNames(a, b string) int {
	if own := strings.HasPrefix(a, "torchlight"); own != strings.HasPrefix(b, "torchlight") {
		if own {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

// Read reads a file of figures.
func Read(path string) ([]Figure, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: run make bench-full first", err)
	}
	var all []Figure
	if err := json.Unmarshal(doc, &all); err != nil {
		return nil, fmt.Errorf("%s is no file of figures: %w: run make bench-full again", path, err)
	}
	return all, nil
}

// Write writes a file of figures, a line each.
func Write(path string, all []Figure) error {
	var lines []string
	for _, f := range all {
		doc, err := json.Marshal(f)
		if err != nil {
			return err
		}
		lines = append(lines, string(doc))
	}
	return os.WriteFile(path, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644)
}

// Merge replaces the figures of old cases by new ones of the same name, in place,
// and appends the others.
func Merge(old, fresh []Figure) []Figure {
	all := slices.Clone(old)
	for _, f := range fresh {
		if i := slices.IndexFunc(all, func(o Figure) bool { return o.Case == f.Case }); i >= 0 {
			all[i] = f
		} else {
			all = append(all, f)
		}
	}
	return all
}
