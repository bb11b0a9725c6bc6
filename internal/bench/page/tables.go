package page

import (
	"strconv"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// section is a part of the page that is one table.
type section struct {
	part, title, text string
	header            []string
	row               func(f figure.Figure) []string
}

// sections are those with a table, in the order of the page. To show a part of its
// own, append it here.
func sections() []section {
	return []section{
		{"layers", "Layers", layersText,
			[]string{"model", "layer", "batch", "Torchlight, ms", "forward, ms", "fastest forward, ms", "cost", "torch-cam", "pytorch-grad-cam", "captum", "difference"},
			func(f figure.Figure) []string {
				return []string{f.Model, f.Layer, strconv.Itoa(f.Batch), timeOf(f, figure.Own), timeOf(f, "forward_ms"), timeOf(f, "fast_forward_ms"),
					cost(f, "fast_forward_ms"), times(f, "torch_cam_ms"), times(f, "pytorch_grad_cam_ms"), times(f, "captum_ms"), worst(f)}
			}},
		{"methods", "Methods", methodsText,
			[]string{"method", "model", "Torchlight, ms", "cost", "pytorch-grad-cam", "torch-cam", "captum", "difference"},
			func(f figure.Figure) []string {
				return []string{f.Method, f.Model, timeOf(f, figure.Own), cost(f, "fast_forward_ms"),
					times(f, "pytorch_grad_cam_ms"), times(f, "torch_cam_ms"), times(f, "captum_ms"), worst(f)}
			}},
		{"throughput", "Batches and threads", throughputText,
			[]string{"model", "threads", "batch", "Torchlight", "fastest forward", "torch-cam", "pytorch-grad-cam"},
			func(f figure.Figure) []string {
				return []string{f.Model, strconv.Itoa(f.Threads), strconv.Itoa(f.Batch), rate(f, figure.Own), rate(f, "fast_forward_ms"),
					rate(f, "torch_cam_ms"), rate(f, "pytorch_grad_cam_ms")}
			}},
		{"processes", "Whole processes", processesText,
			[]string{"what", "Torchlight, ms", "Python, ms", "faster", "Torchlight, MiB", "Python, MiB", "memory"},
			func(f figure.Figure) []string {
				return []string{f.Case, timeOf(f, figure.Own), timeOf(f, "python_ms"), times(f, "python_ms"),
					timeOf(f, "torchlight_mb"), timeOf(f, "python_mb"), cost(f, "python_mb")}
			}},
		{"first", "First calls", firstText,
			[]string{"model", "loading", "first explanation", "later ones", "first at 288 pixels", "later ones"},
			func(f figure.Figure) []string {
				return []string{f.Model, timeOf(f, "torchlight_load_ms"), timeOf(f, "torchlight_first_ms"), timeOf(f, figure.Own),
					timeOf(f, "torchlight_first_of_size_ms"), timeOf(f, "torchlight_size_ms")}
			}},
		{"folder", "A folder of photos", folderText,
			[]string{"what", "images", "threads", "Torchlight, images/s", "pytorch-grad-cam, images/s", "faster"},
			func(f figure.Figure) []string {
				return []string{f.Case, strconv.Itoa(f.Images), strconv.Itoa(f.Threads), rate(f, figure.Own), rate(f, "pytorch_grad_cam_ms"),
					times(f, "pytorch_grad_cam_ms")}
			}},
	}
}

// Texts above the tables.
const (
	layersText = `Grad-CAM on one thread, map at the size of the input included. *forward* is the eager model under no_grad, *fastest forward*
that of torch.jit.optimize_for_inference; *cost* is ours by the fastest forward. The columns of the peers say how many
times longer they take. *difference* is the largest between our map and that of any peer, by its largest value.`
	methodsText    = `As above, for other methods, one image. A method of many passes has three rounds of one call, and no forward pass beside it.`
	throughputText = `Grad-CAM, images a second; threads are those of an operator, on every side.`
	processesText  = `From the start of a process to its end, one thread: ` + "`torchlight explain`" + ` of one photo against the Python script that does the
same (scripts/cold_peer.py), and against Python that imports torch and nothing else, loads the same file and runs it once
(scripts/rss_peer.py). *memory* is the peak resident memory by that of Python.`
	firstText = `Milliseconds, one image, one thread: reading the file, the first explanation, which cuts the graph and compiles it, and that of
images of another size, by the same plan.`
	folderText = `JPEGs of 640x480 to overlays and maps, on two cores: ` + "`torchlight explain DIR`" + `, as it comes and from the start of the process to
its end, with records and raw maps, against a script around pytorch-grad-cam and a DataLoader (scripts/folder_peer.py) in the fastest of
its configurations (0, 1 or 2 workers; batches of 1, 8 or 32; 1 or 2 threads), from when its libraries are imported and its model is
loaded. The overlays of the peer are those of its examples, of the crop; ours are of the photo. It can be told, by its user, not to
differentiate what lies before the layer.`
)
