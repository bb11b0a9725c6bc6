package page

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// goal is one number that the project promises itself.
type goal struct {
	what string
	// of is the figure's case. An empty one cannot be measured by the benchmark.
	of string
	// against is the value that ours is divided by, or that is divided by ours.
	against string
	atLeast float64 // so many times as much as ours, or
	atMost  float64 // ours is so many times as much
}

// goals are all of them, as one table.
func goals() []goal {
	const fast, torchCAM, gradCAM = "fast_forward_ms", "torch_cam_ms", "pytorch_grad_cam_ms"
	return slices.Concat(lateGoals(), []goal{
		{"torch-cam / Grad-CAM, MobileNetV2, batch 8", "gradcam mobilenet_v2 features.18 batch 8", torchCAM, 3, 0},
		{"torch-cam / Grad-CAM, ResNet-18, batch 8", "gradcam resnet18 layer4 batch 8", torchCAM, 1.25, 0},
		{"torch-cam / Grad-CAM, ResNet-50, layer3", "gradcam resnet50 layer3 batch 1", torchCAM, 1.5, 0},
		{"torch-cam / Grad-CAM, ResNet-50, layer2", "gradcam resnet50 layer2 batch 1", torchCAM, 1.2, 0},
		{"pytorch-grad-cam / Ablation-CAM, ResNet-18", "ablationcam resnet18 layer4", gradCAM, 200, 0},
		{"pytorch-grad-cam / Ablation-CAM, MobileNetV2", "ablationcam mobilenet_v2 features.18", gradCAM, 100, 0},
		{"pytorch-grad-cam / Score-CAM, ResNet-18", "scorecam resnet18 layer4", gradCAM, 1.4, 0},
		{"pytorch-grad-cam / Score-CAM, MobileNetV2", "scorecam mobilenet_v2 features.18", gradCAM, 2, 0},
		{"pytorch-grad-cam / EigenCAM, ResNet-18", "eigencam resnet18 layer4", gradCAM, 1.4, 0},
		{"pytorch-grad-cam / EigenCAM, MobileNetV2", "eigencam mobilenet_v2 features.18", gradCAM, 5, 0},
		{"the same, decomposition alone, ResNet-18", "eigencam resnet18 layer4, decomposition alone", gradCAM, 20, 0},
		{"the same, decomposition alone, MobileNetV2", "eigencam mobilenet_v2 features.18, decomposition alone", gradCAM, 20, 0},
		{"peak memory / torch-only inference in Python, MobileNetV2", "explain mobilenet_v2, against inference in Python", "python_mb", 0, 0.6},
		{"peak memory / torch-only inference in Python, ResNet-50", "explain resnet50, against inference in Python", "python_mb", 0, 0.6},
		{"Python script / cold start, one photo", "explain one photo, cold", "python_ms", 5, 0},
		{"pytorch-grad-cam and DataLoader / folder of 512 JPEGs, MobileNetV2", "folder mobilenet_v2, 512 photos", gradCAM, 5, 0},
		{"H100: Grad-CAM / plain forward of the same batch and precision", "", fast, 0, 1.15},
		{"H100: pytorch-grad-cam / Grad-CAM", "", gradCAM, 3, 0},
	})
}

// lateGoals are those of late layers, batch 1.
func lateGoals() []goal {
	var all []goal
	for _, l := range []struct {
		name, of          string
		torchCAM, gradCAM float64
	}{
		{"MobileNetV2", "mobilenet_v2 features.18", 2.2, 5},
		{"ResNet-18", "resnet18 layer4", 1.2, 3.8},
		{"ResNet-50", "resnet50 layer4", 1.5, 4.5},
		{"DenseNet-121", "densenet121 features", 1.25, 3.5},
		{"VGG-11", "vgg11 features.20", 0, 0},
		{"ShuffleNetV2", "shufflenet_v2_x1_0 conv5", 0, 0},
		{"GoogLeNet", "googlenet inception5b", 0, 0},
		{"Swin-T", "swin_t features.7", 0, 0},
		{"ViT-B/16", "vit_b_16 encoder.layers.encoder_layer_11.ln_1", 0, 0},
	} {
		of := "gradcam " + l.of + " batch 1"
		all = append(all, goal{"Grad-CAM / fastest forward, " + l.name, of, "fast_forward_ms", 0, 1.1})
		if l.torchCAM > 0 {
			all = append(all, goal{"torch-cam / Grad-CAM, " + l.name, of, "torch_cam_ms", l.torchCAM, 0},
				goal{"pytorch-grad-cam / Grad-CAM, " + l.name, of, "pytorch_grad_cam_ms", l.gradCAM, 0})
		}
	}
	return all
}

// bound is "at least 2.2" or "at most 1.1".
func (g goal) bound() string {
	if g.atLeast > 0 {
		return fmt.Sprintf("at least %g", g.atLeast)
	}
	return fmt.Sprintf("at most %g", g.atMost)
}

// measured is the ratio that the goal bounds.
func (g goal) measured(figures []figure.Figure) (figure.Quartiles, bool) {
	i := slices.IndexFunc(figures, func(f figure.Figure) bool { return f.Case == g.of })
	if i < 0 {
		return figure.Quartiles{}, false
	}
	if g.atLeast > 0 {
		r, ok := figures[i].Ratios[g.against]
		return r, ok
	}
	return figures[i].Cost(g.against)
}

// distance is by how much of itself a goal is missed; not above 0, it is met.
func (g goal) distance(ratio float64) float64 {
	if g.atLeast > 0 {
		return 1 - ratio/g.atLeast
	}
	return ratio/g.atMost - 1
}

// verdict is "met", or how far off.
func (g goal) verdict(ratio float64) string {
	d := g.distance(ratio)
	if d <= 0 {
		return "met"
	}
	return fmt.Sprintf("**missed by %.0f %%**", max(1, 100*d))
}

// Judged are the goals that figures decide.
type Judged struct {
	Met    int
	Missed []string // a line each
}

// Goals judges figures.
func Goals(figures []figure.Figure) Judged {
	var j Judged
	for _, g := range goals() {
		r, ok := g.measured(figures)
		switch {
		case !ok:
		case g.distance(r.Median) <= 0:
			j.Met++
		default:
			j.Missed = append(j.Missed, fmt.Sprintf("%s: %.2f, goal %s", g.what, r.Median, g.bound()))
		}
	}
	return j
}

// ErrMissed is that of Sum when it is strict.
var ErrMissed = errors.New("goals were missed")

// Sum prints how many goals were met and which were not. With strict these are an
// error.
func (j Judged) Sum(w io.Writer, strict bool) error {
	fmt.Fprintf(w, "\ngoals: %d met, %d missed\n", j.Met, len(j.Missed))
	for _, line := range j.Missed {
		fmt.Fprintln(w, "missed: "+line)
	}
	if strict && len(j.Missed) > 0 {
		return fmt.Errorf("%d %w", len(j.Missed), ErrMissed)
	}
	return nil
}

// CasesOfGoals are the cases that goals name; each must be one of the benchmark's.
func CasesOfGoals() []string {
	var names []string
	for _, g := range goals() {
		if g.of != "" && !slices.Contains(names, g.of) {
			names = append(names, g.of)
		}
	}
	return names
}

// goalsTable is the first table of the page. gpu is what the page says of goals that
// need one.
func goalsTable(figures []figure.Figure, gpu string) string {
	var s strings.Builder
	s.WriteString("| goal | bound | measured | |\n|---|---|---|---|\n")
	for _, g := range goals() {
		r, ok := g.measured(figures)
		switch {
		case g.of == "":
			fmt.Fprintf(&s, "| %s | %s | - | %s |\n", g.what, g.bound(), gpu)
		case !ok:
			fmt.Fprintf(&s, "| %s | %s | - | not measured in this run |\n", g.what, g.bound())
		default:
			fmt.Fprintf(&s, "| %s | %s | %s | %s |\n", g.what, g.bound(), ratio(r), g.verdict(r.Median))
		}
	}
	return s.String()
}
