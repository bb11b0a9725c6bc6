package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/precision"
	"github.com/torchlight-go/torchlight/torch"
)

// precisionFlags choose what is compared.
type precisionFlags struct {
	modelFlags
	layer, method string
	rounds        int
	json          bool
}

func newPrecision() *cobra.Command {
	f := &precisionFlags{}
	c := &cobra.Command{
		Use:   "precision --model M.pt [flags] INPUT...",
		Short: "Measure what bfloat16 or float16 does to a model's maps",
		Long: `Explains every INPUT, a photo or an array (.npy), with the network in float32 and in another
type, and says how far the maps, their order of places and the scores differ, and what time is won.`,
		Example: "  torchlight precision --model examples/models/mobilenet_v2.pt examples/photos/*",
		RunE:    func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	f.add(c)
	f.addPrecision(c, "bf16")
	fl := c.Flags()
	fl.StringVar(&f.layer, "layer", "", "`LAYER` to explain (default: the last with space in it)")
	fl.StringVar(&f.method, "method", "gradcam", "`METHOD` to explain with, see `torchlight methods`")
	fl.IntVar(&f.rounds, "rounds", 5, "`N` rounds of each input, in turns, to take the time")
	fl.BoolVar(&f.json, "json", false, "print a JSON object")
	return c
}

func (f *precisionFlags) run(c *cobra.Command, files []string) error {
	if len(files) == 0 {
		return misuse("no input; name photos or .npy arrays")
	}
	if f.rounds < 1 || f.rounds > 1000 {
		return misuse("--rounds %d; give 1 to 1000", f.rounds)
	}
	method, err := gradcam.ByName(f.method)
	if err != nil {
		return misuse("--method: %w", err)
	}
	device, err := f.prepare(1)
	if err != nil {
		return err
	}
	batches, err := precision.Read(f.model, files)
	if err != nil {
		return err
	}
	options := []gradcam.Option{gradcam.WithMethod(method)}
	if f.layer != "" {
		options = append(options, gradcam.WithLayer(f.layer))
	}
	own := f.modelFlags
	own.precision = "fp32"
	wide, closeWide, err := own.explainer(device, options)
	if err != nil {
		return err
	}
	defer closeWide()
	narrow, closeNarrow, err := f.explainer(device, options)
	if err != nil {
		return err
	}
	defer closeNarrow()
	figures, err := precision.Measure(c.Context(), wide, narrow, batches, f.rounds)
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(c.OutOrStdout()).Encode(figures)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%s on %s, %s: %s\n", f.precision, device, count(torch.NumThreads(), "thread"), figures)
	return err
}

// explainer loads the model and explains with it.
func (f *modelFlags) explainer(device torch.Device, options []gradcam.Option) (*gradcam.Explainer, func(), error) {
	m, err := f.load(device)
	if err != nil {
		return nil, nil, err
	}
	e, err := gradcam.New(m, options...)
	if err != nil {
		_ = m.Close()
		return nil, nil, err
	}
	return e, func() { _, _ = e.Close(), m.Close() }, nil
}

// addPrecision adds the flag; without it the network runs in its own type.
func (f *modelFlags) addPrecision(c *cobra.Command, preset string) {
	c.Flags().StringVar(&f.precision, "precision", preset, "`TYPE` of the network up to the layer: fp32, bf16, or f16 on a GPU; what comes behind stays float32")
	complete(c, "precision", "fp32", "bf16", "f16")
}

// parsePrecision reads the flag; 0 is the model's own type.
func parsePrecision(s string) (torch.DType, error) {
	types := map[string]torch.DType{"": 0, "fp32": 0, "bf16": torch.BFloat16, "f16": torch.Float16}
	t, ok := types[s]
	if !ok {
		return 0, misuse("--precision %q; give fp32, bf16 or f16", s)
	}
	return t, nil
}
