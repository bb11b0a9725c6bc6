package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/internal/explain"
	"github.com/torchlight-go/torchlight/torch"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "torchlight",
		Short: "Explain the decisions of PyTorch models",
		Long: "Torchlight loads a TorchScript file, hooks any of its layers, and shows where the network looked.\n" +
			"A model file is a program: load only what you would run.",
		Version:                    explain.Version(),
		SilenceUsage:               true,
		SilenceErrors:              true,
		DisableAutoGenTag:          true,
		SuggestionsMinimumDistance: 2,
		Args:                       knownCommand,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return misuse("%w; see `%s --help`", err, c.CommandPath())
	})
	root.AddCommand(newExplain(), newLayers(), newMethods(), newPrecision(), newDoctor(), newVersion(), newCUDAProbe())
	return root
}

func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see `torchlight --help`"
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return misuse("there is no command %q; %s", args[0], hint)
}

func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse("%s takes no arguments, got %q; see `%s --help`", c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}

// modelFlags choose a model and how it runs.
type modelFlags struct {
	model       string
	device      string
	threads     int
	ops         []string
	noChecksums bool
	exact       bool
	precision   string

	given func(flag string) bool // whether a flag stands on the command line
}

func (f *modelFlags) add(c *cobra.Command) {
	fl := c.Flags()
	f.given = fl.Changed
	fl.StringVar(&f.model, "model", "", "TorchScript `FILE`; a card of the same name in .yaml is read if it lies beside it")
	fl.StringVar(&f.device, "device", "cpu", "`DEVICE` to run on: cpu or cuda:N")
	fl.IntVar(&f.threads, "threads", 0, "`N` threads for one operator (default: half of the processors that the process may use, one where there are as many inputs)")
	fl.StringArrayVar(&f.ops, "ops", nil, "shared `LIB`rary of custom operators to load first; may be repeated")
	fl.BoolVar(&f.noChecksums, "no-checksums", false, "accept a model file saved without checksums")
	_ = c.MarkFlagFilename("model", "pt", "pth")
	_ = c.MarkFlagFilename("ops", "so", "dylib")
	complete(c, "device", "cpu", "cuda:0")
}

// prepare checks the flags and sets libtorch up. The device comes first: CUDA must
// be loaded before libtorch is used for anything else.
//
// inputs is how many there are to run.
func (f *modelFlags) prepare(inputs int) (torch.Device, error) {
	if f.model == "" {
		return torch.CPU, misuse("no model; give a TorchScript file with --model")
	}
	device, err := torch.ParseDevice(f.device)
	if err != nil {
		return device, misuse("--device: %w", err)
	}
	if f.given("threads") && f.threads < 1 {
		return device, misuse("--threads %d; give 1 or more, or leave it out for the default", f.threads)
	}
	if _, err := parsePrecision(f.precision); err != nil {
		return device, err
	}
	if device.IsCUDA() {
		if err := useCUDA(device); err != nil {
			return device, err
		}
	}
	if err := f.setThreads(inputs); err != nil {
		return device, err
	}
	for _, library := range f.ops {
		if err := torch.LoadOps(library); err != nil {
			return device, fmt.Errorf("--ops: %w", err)
		}
	}
	return device, nil
}

func (f *modelFlags) setThreads(inputs int) error {
	n := f.threads
	if n == 0 && os.Getenv("OMP_NUM_THREADS") == "" {
		n = min(defaultThreads(runtime.GOMAXPROCS(0), inputs), torch.NumThreads())
	}
	if n < 1 { // the environment's, or a build without libtorch
		return nil
	}
	err := torch.SetNumThreads(n)
	if absurd := (*torch.Error)(nil); errors.As(err, &absurd) && errors.Is(err, torch.ErrInvalid) {
		return misuse("--threads: %s; %s", absurd.Reason, absurd.Fix)
	}
	return err
}

// defaultThreads is how many of the processors that the process may use one
// operator gets: half of them, or one where there are as many inputs to run side by
// side. A thread of libtorch that waits for another one spins, so that with a thread
// for every processor anything else that runs makes each operator wait
// (docs/decisions/0008-threads.md).
func defaultThreads(processors, inputs int) int {
	if inputs >= processors {
		return 1
	}
	return max(1, processors/2)
}

func (f *modelFlags) load(device torch.Device) (*torch.Module, error) {
	options := []torch.Option{torch.OnDevice(device)}
	if f.noChecksums {
		options = append(options, torch.WithoutChecksums())
	}
	if f.exact {
		options = append(options, torch.WithoutFolding())
	}
	precision, err := parsePrecision(f.precision)
	if err != nil {
		return nil, err
	}
	if precision != 0 {
		options = append(options, torch.WithPrecision(precision))
	}
	return torch.Load(f.model, options...)
}

// complete offers a flag's words to the shell.
func complete(c *cobra.Command, flag string, words ...string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}
