package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/cgo/libjpeg"
	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/explain"
	"github.com/torchlight-go/torchlight/torch"
)

func newExplain() *cobra.Command {
	f := &explainFlags{}
	c := &cobra.Command{
		Use:   "explain --model M.pt [flags] INPUT...",
		Short: "Show where a model looked",
		Long: `Explains why a model said what it said. An INPUT is a photo (PNG, JPEG, GIF), an array
(.npy of shape N,C,H,W, preprocessed already), or a folder of them. For x.jpg it writes

  x.overlay.png   the photo, lit where the network looked
  x.map.npy       the map, 0..1, of the size of the network's input
  x.raw.npy       the layer's map before ReLU and normalising, signed
  x.json          what was explained, how, and how strongly

and for x.npy the same without the overlay, arrays with the batch as their first axis.
With several methods each has files of its own, x.METHOD.map.npy.`,
		Example: `  torchlight explain --model examples/models/mobilenet_v2.pt --out build examples/photos/chelsea.png
  torchlight explain --model M.pt --target "tabby" --method hirescam --layer features.17 photos/`,
		RunE: func(c *cobra.Command, args []string) error {
			return f.profiles.of(func() error { return f.run(c, args) })
		},
	}
	f.modelFlags.add(c)
	c.Flags().BoolVar(&f.exact, "exact", false, "run the operators of the file as they are, nothing folded: bit for bit the plain forward pass, and slower")
	f.addPrecision(c, "fp32")
	f.addQuestion(c)
	f.addWay(c)
	f.addPhoto(c)
	f.addResults(c)
	f.profiles.add(c)
	return c
}

func (f *explainFlags) run(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return misuse("no input; name photos, .npy arrays or folders")
	}
	config, err := f.config()
	if err != nil {
		return err
	}
	inputs, err := explain.Inputs(args)
	if err != nil {
		return err
	}
	device, err := f.prepare(len(inputs))
	if err != nil {
		return err
	}
	p := newPrinter(c.OutOrStdout(), c.ErrOrStderr(), len(inputs), f.json)
	config.Log = p.logger()
	config.Progress = p.progress
	config.Versions = versions()
	config.Precision = f.precision
	config.Hopeless = hopeless
	if libjpeg.Available {
		config.JPEG = libjpeg.DecodeRGB
	}
	config.Workers, config.Passes = atOnce(device, runtime.GOMAXPROCS(0), torch.NumThreads())
	var model *torch.Module
	s, err := explain.New(config, func() (engine.Model, error) {
		var err error
		model, err = f.load(device)
		return model, err
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(c.Context())
	defer stop()
	stopOnFailure(c.OutOrStdout(), stop)
	sum, err := s.Run(ctx, inputs, p)
	p.finish(sum, f.out)
	if err == nil {
		err = model.Close()
	}
	switch {
	case err != nil && len(inputs) > 1 && sum.Explained+sum.Failed > 0:
		return fmt.Errorf("%w; %d of %d inputs were explained", err, sum.Explained, len(inputs))
	case err != nil:
		return err
	case sum.Failed > 0 && sum.Explained > 0:
		return reported(exitSomeFailed)
	case sum.Failed > 0:
		return reported(exitFailed)
	}
	return nil
}

// atOnce is how many inputs are computed on at a time, and how many of them by the
// model: as many as have processors when each takes the threads of an operator. A GPU
// is shared by nobody.
func atOnce(device torch.Device, processors, threads int) (workers, passes int) {
	if device.IsCUDA() {
		return processors, 1
	}
	workers = max(1, processors/max(1, threads))
	return workers, workers
}

// hopeless knows the errors that every input would end in.
func hopeless(err error) bool {
	for _, kind := range []error{
		torch.ErrUnknownLayer, torch.ErrLayerNeverCalled, torch.ErrFrozen, torch.ErrLayerAmbiguous, torch.ErrLayerNotTensor, torch.ErrStateful,
		torch.ErrTrainMode, torch.ErrNoDerivative, torch.ErrAliasing, torch.ErrInvalid, torch.ErrDeviceLost,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func versions() map[string]string {
	v := map[string]string{"torchlight": explain.Version()}
	if info, err := torch.Runtime(); err == nil {
		v["libtorch"] = info.Version
	}
	if libjpeg.Available {
		v["jpeg"] = "libjpeg-turbo"
	}
	return v
}
