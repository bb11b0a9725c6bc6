package explain

import (
	"strings"
	"time"

	"github.com/torchlight-go/torchlight/gradcam"
)

// Record tells one explanation: the JSON object of a sample.
type Record struct {
	// Input is the file, Sample the index within it, of Samples.
	Input   string `json:"input"`
	Sample  int    `json:"sample"`
	Samples int    `json:"samples"`
	Model   string `json:"model"`
	// Layer is the address of the layer, or several joined by ", "; "input" for a
	// method without one. LayerChoice is who chose it, "user" or "model card", or
	// why it is the default; "" for a method without one.
	Layer       string `json:"layer"`
	LayerChoice string `json:"layer_choice"`
	Method      string `json:"method"`
	// Options are those given to the method, by name.
	Options map[string]string `json:"options"`
	// Smoothing are "aug" and "eigen", where they were asked for.
	Smoothing []string `json:"smoothing"`
	// Compat is the peer whose conventions the map follows, "" for none.
	Compat string `json:"compat"`
	// Precision is the type of the network up to the layer, "" for its own.
	Precision string `json:"precision,omitempty"`
	Target    Target `json:"target"`
	// Top are the best classes by the model's output.
	Top []Class `json:"top"`
	// Raw are the extremes of the raw maps, which a normalised map hides; Layers
	// are those of each layer.
	Raw        Extremes `json:"raw"`
	Layers     []Layer  `json:"layers"`
	Normalised bool     `json:"normalised"`
	// Reason says why the map is blank, "" where it is not.
	Reason string `json:"reason"`
	// Preprocess is how the photo became the input, null for an array.
	Preprocess *Preprocessing `json:"preprocess"`
	// Seed is that of a method that draws numbers, null for one that does not.
	Seed     *uint64           `json:"seed"`
	Versions map[string]string `json:"versions"`
	Timings  Timings           `json:"timings"`
	// Files are the results, the record's own file last.
	Files []string `json:"files"`
}

// Target is what was explained.
type Target struct {
	// Asked is the target as it was given, Explained the same with its choice made:
	// "top1" has become "285".
	Asked     string `json:"asked"`
	Explained string `json:"explained"`
	// Index is null for a target that is not about one class.
	Index       *int     `json:"index"`
	Label       string   `json:"label"`
	Score       float64  `json:"score"`
	Probability *float64 `json:"probability"`
}

// Class is what the model says about one class.
type Class struct {
	Index       int     `json:"index"`
	Label       string  `json:"label"`
	Score       float64 `json:"score"`
	Probability float64 `json:"probability"`
}

// Extremes are the least and the greatest value of a raw map.
type Extremes struct {
	Min float32 `json:"min"`
	Max float32 `json:"max"`
}

// Layer is one of the layers explained.
type Layer struct {
	Layer string `json:"layer"`
	// Shape is that of the raw map.
	Shape []int `json:"shape"`
	Extremes
	Reason string `json:"reason"`
	// Color is that of a concept in the overlay, "#rrggbb".
	Color string `json:"color,omitempty"`
}

// Timings are milliseconds of wall time: decoding, preprocessing and rendering of
// this input, the rest of the batch that the sample ran in.
type Timings struct {
	Decode     float64 `json:"decode_ms"`
	Preprocess float64 `json:"preprocess_ms"`
	Choose     float64 `json:"choose_layer_ms"`
	Forward    float64 `json:"forward_ms"`
	Backward   float64 `json:"backward_ms"`
	Method     float64 `json:"method_ms"`
	Render     float64 `json:"render_ms"`
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

func (s *Session) record(w *work, m int, r gradcam.Result, rendering time.Duration) Record {
	rec := Record{
		Input: w.file, Sample: r.Sample, Samples: w.samples(), Options: s.ways[m].options, Smoothing: s.config.smoothing(), Compat: string(r.Compat), Precision: s.config.reduced(), Model: s.config.Model, Method: r.Method,
		Layer: joinLayers(r.Raw), LayerChoice: s.layerChoice(m, r.Choice),
		Target:     Target{Asked: first(s.config.Target, "top1"), Explained: r.Target.Target, Label: r.Target.Label, Score: r.Target.Score},
		Top:        make([]Class, len(r.Top)),
		Raw:        Extremes{r.RawMin, r.RawMax},
		Seed:       r.Seed,
		Normalised: r.Normalised, Reason: string(r.Reason), Versions: s.config.Versions,
		Timings: Timings{
			Decode: ms(w.decode), Preprocess: ms(w.preprocess), Choose: ms(r.Timings.Choose), Forward: ms(r.Timings.Forward),
			Backward: ms(r.Timings.Backward), Method: ms(r.Timings.Method), Render: ms(rendering),
		},
	}
	if w.photo != nil {
		rec.Preprocess = s.preprocessing
	}
	if r.Target.Index != gradcam.NoClass {
		rec.Target.Index, rec.Target.Probability = &r.Target.Index, &r.Target.Probability
	}
	for i, c := range r.Top {
		rec.Top[i] = Class{c.Index, c.Label, c.Score, c.Probability}
	}
	for k, raw := range r.Raw {
		layer := Layer{Layer: raw.Layer, Shape: raw.Values.Shape, Extremes: Extremes{raw.Min, raw.Max}, Reason: string(raw.Reason)}
		if w.photo != nil && s.ways[m].concepts() {
			layer.Color = hexColor(k)
		}
		rec.Layers = append(rec.Layers, layer)
	}
	return rec
}

// layerChoice is who chose the layer of method m, "" for one that has none.
func (s *Session) layerChoice(m int, c gradcam.Choice) string {
	switch {
	case !s.ways[m].Needs().Layer:
		return ""
	case c.Layer != "":
		return c.Why
	case len(s.config.Layers) > 0:
		return "user"
	}
	return "model card"
}

func joinLayers(raw []gradcam.Raw) string {
	names := make([]string, len(raw))
	for i, r := range raw {
		names[i] = r.Layer
	}
	return strings.Join(names, ", ")
}
