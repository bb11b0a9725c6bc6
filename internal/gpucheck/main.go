// Command gpucheck checks Torchlight on a GPU and prints a report in Markdown.
//
//	gpucheck --models FOLDER [--device cuda:0] [--python PYTHON --peer SCRIPT] [flags]
//
// scripts/gpu-check builds it with all it needs, and runs it on a machine with a GPU.
// With --device cpu and small sizes every step runs without one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"github.com/torchlight-go/torchlight/torch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gpu-check:", err)
		os.Exit(1)
	}
}

// settings are how much is checked.
type settings struct {
	device       torch.Device
	models       string // folder of what was shipped
	python, peer string // interpreter and script of the Python side, "" for none
	out          string
	only         []string // networks of the Python side; none: all
	size         int      // of the inputs of networks, in pixels
	batches      []int
	rounds       int
	explanations int
	shortage     int // samples of the batch that does not fit
	threads      int // of an operator on the CPU
}

func parse(args []string) (settings, error) {
	flags := flag.NewFlagSet("gpucheck", flag.ContinueOnError)
	s := settings{}
	device := flags.String("device", "cuda:0", "device to check")
	flags.StringVar(&s.models, "models", "", "folder with sample/, photos/ and networks/")
	flags.StringVar(&s.python, "python", "", "interpreter with torch")
	flags.StringVar(&s.peer, "peer", "", "gpu_check_peer.py")
	flags.StringVar(&s.out, "out", "", "folder for files that are passed between the two (default: a temporary one)")
	only := flags.String("only", "", "networks of the Python side, with commas between")
	flags.IntVar(&s.size, "size", 224, "pixels of an input")
	batches := flags.String("batches", "1,8,32,128", "batch sizes")
	flags.IntVar(&s.rounds, "rounds", 7, "rounds of a timing")
	flags.IntVar(&s.explanations, "explanations", 1000, "explanations after which memory is looked at again")
	flags.IntVar(&s.shortage, "shortage", 256, "samples of the batch that does not fit")
	flags.IntVar(&s.threads, "threads", 1, "threads of an operator on the CPU")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	var err error
	if s.device, err = torch.ParseDevice(*device); err != nil {
		return s, err
	}
	for _, word := range strings.Split(*batches, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return s, fmt.Errorf("--batches %q; give numbers from 1 with commas between", *batches)
		}
		s.batches = append(s.batches, n)
	}
	if *only != "" {
		s.only = strings.Split(*only, ",")
	}
	if s.models == "" || min(s.size, s.rounds, s.explanations, s.shortage, s.threads) < 1 {
		return s, errors.New("give --models, and sizes from 1")
	}
	return s, nil
}

func run(ctx context.Context, w io.Writer, args []string) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	if err := reach(s.device); err != nil {
		return err
	}
	if err := torch.SetNumThreads(s.threads); err != nil {
		return err
	}
	if s.out == "" {
		if s.out, err = os.MkdirTemp("", "gpu-check"); err != nil {
			return err
		}
		defer os.RemoveAll(s.out)
	}
	c := &check{settings: s}
	if s.python != "" {
		if c.peer, err = startPeer(ctx, s); err != nil {
			return err
		}
		defer c.peer.Close()
	}
	return c.all(ctx, w)
}

// reach loads CUDA before anything else and looks for the device.
func reach(d torch.Device) error {
	if !d.IsCUDA() {
		return nil
	}
	if err := torch.UseCUDA(); err != nil {
		return fmt.Errorf("nothing was checked, because CUDA cannot be loaded: %w", err)
	}
	n, err := torch.CUDADevices()
	if err != nil {
		return fmt.Errorf("nothing was checked, because CUDA does not answer: %w", err)
	}
	if n == 0 {
		return errors.New("nothing was checked, because libtorch finds no GPU here: look for it with `nvidia-smi`, or try the check itself with --device cpu")
	}
	for i := range n {
		if torch.CUDA(i) == d {
			return nil
		}
	}
	return fmt.Errorf("nothing was checked, because there is no %s: libtorch finds %d GPU(s), numbered from 0", d, n)
}
