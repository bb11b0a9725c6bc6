package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// axis is what curves of a part are drawn over.
type axis struct {
	part, title, label string
	at                 func(f figure.Figure) float64
}

func axes() []axis {
	return []axis{
		{"size", "Size of the image", "edge of the image, pixels", func(f figure.Figure) float64 { return float64(f.Size) }},
		{"batch", "Images in a batch", "images in a batch", func(f figure.Figure) float64 { return float64(f.Batch) }},
		{"channels", "Channels of the layer", "channels of the layer", func(f figure.Figure) float64 { return float64(f.Channels) }},
	}
}

// plotted is one plot: the figures of a part that differ in its axis only.
type plotted struct {
	axis   axis
	name   string // of the file, without its ending
	title  string
	series []series
}

// series is one line of a plot, by rising x.
type series struct {
	label string
	x     []float64
	y     []figure.Quartiles // milliseconds
	fit   Fit
}

// plots groups the figures of curves.
func plots(figures []figure.Figure) ([]plotted, error) {
	var all []plotted
	for _, a := range axes() {
		groups := map[string][]figure.Figure{}
		var order []string
		for _, f := range figures {
			if f.Part != a.part {
				continue
			}
			model, _, _ := strings.Cut(f.Model, "-") // wide-64 and wide-128 are one family
			key := f.Method + " " + model
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key] = append(groups[key], f)
		}
		for _, key := range order {
			p, err := plotOf(a, key, groups[key])
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", a.part, key, err)
			}
			if p.series != nil {
				all = append(all, p)
			}
		}
	}
	return all, nil
}

// plotOf has no series when the figures are fewer than a fit takes.
func plotOf(a axis, key string, figures []figure.Figure) (plotted, error) {
	p := plotted{axis: a, name: a.part + "-" + strings.NewReplacer(" ", "-", ",", "").Replace(key), title: titleOf(figures[0])}
	slices.SortFunc(figures, func(f, g figure.Figure) int { return cmp.Compare(a.at(f), a.at(g)) })
	for _, side := range []struct{ value, label string }{
		{figure.Own, "Torchlight"},
		{"fast_forward_ms", "fastest forward"},
		{"torch_cam_ms", "torch-cam"},
		{"pytorch_grad_cam_ms", "pytorch-grad-cam"},
	} {
		s := series{label: side.label}
		for _, f := range figures {
			if q, ok := f.Values[side.value]; ok {
				s.x, s.y = append(s.x, a.at(f)), append(s.y, q)
			}
		}
		if len(s.x) < 3 {
			continue
		}
		var medians []float64
		for _, q := range s.y {
			medians = append(medians, q.Median)
		}
		var err error
		if s.fit, err = FitPower(s.x, medians); err != nil {
			return p, err
		}
		p.series = append(p.series, s)
	}
	return p, nil
}

// decompositionOnly is the method of figures without the passes of EigenCAM.
const decompositionOnly = "eigencam, decomposition alone"

// titleOf is by the names that papers use.
func titleOf(f figure.Figure) string {
	names := map[string]string{
		"gradcam": "Grad-CAM", "eigencam": "EigenCAM", "kpcacam": "KPCA-CAM", "ablationcam": "Ablation-CAM", "scorecam": "Score-CAM",
		decompositionOnly: "EigenCAM's decomposition",
		"mobilenet_v2":    "MobileNetV2", "resnet18": "ResNet-18",
	}
	named := func(name string) string { return cmp.Or(names[name], name) }
	model := named(f.Model)
	if f.Channels > 0 {
		model = "a slim MobileNetV2"
	}
	return fmt.Sprintf("%s of %s, one thread", named(f.Method), model)
}

// fits is the table of a part's exponents.
func fits(all []plotted) string {
	var rows [][]string
	for _, p := range all {
		for _, s := range p.series {
			n := len(s.x) - 1
			rows = append(rows, []string{p.title, s.label, fmt.Sprintf("%g to %g", s.x[0], s.x[n]), number(s.y[0].Median), number(s.y[n].Median),
				fmt.Sprintf("%.2f ± %.2f", s.fit.Exponent, s.fit.Error)})
		}
	}
	return table([]string{"curve", "side", "from, to", "first, ms", "last, ms", "exponent"}, rows)
}
