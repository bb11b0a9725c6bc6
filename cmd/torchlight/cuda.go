package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/torch"
)

// useCUDA loads CUDA and looks for the device.
func useCUDA(device torch.Device) error {
	found := askCUDA()
	if found.Error != "" {
		return fmt.Errorf("device %s: %s", device, found.Error)
	}
	var there []string
	for i := range found.Devices {
		if torch.CUDA(i) == device {
			return nil
		}
		there = append(there, torch.CUDA(i).String())
	}
	if len(there) > 0 {
		return fmt.Errorf("device %s: libtorch finds %s here; use --device %s or cpu", device, count(found.Devices, "GPU"), strings.Join(there, ", "))
	}
	return fmt.Errorf("device %s: libtorch finds no GPU here; use --device cpu, or look for the GPU with `nvidia-smi`", device)
}

// cudaAnswer is what a process finds that asks for CUDA.
type cudaAnswer struct {
	Devices int    `json:"devices"`
	Error   string `json:"error,omitempty"`
}

func askCUDA() cudaAnswer {
	if err := torch.UseCUDA(); err != nil {
		return cudaAnswer{Error: line(err)}
	}
	n, err := torch.CUDADevices()
	if err != nil {
		return cudaAnswer{Error: line(err)}
	}
	return cudaAnswer{Devices: n}
}

// newCUDAProbe is the child that doctor asks: CUDA must be loaded before anything
// else, stays for good, and takes hundreds of megabytes.
func newCUDAProbe() *cobra.Command {
	return &cobra.Command{
		Use:    "cuda-probe",
		Hidden: true,
		Args:   noArguments,
		RunE:   func(c *cobra.Command, _ []string) error { return json.NewEncoder(c.OutOrStdout()).Encode(askCUDA()) },
	}
}

// probeTime bounds the child: a driver that hangs must not hang the doctor.
const probeTime = time.Minute

// childCUDA asks for CUDA in a process of its own.
func childCUDA(ctx context.Context) (cudaAnswer, error) {
	self, err := os.Executable()
	if err != nil {
		return cudaAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	child := exec.CommandContext(ctx, self, "cuda-probe")
	child.Args[0] = os.Args[0]
	out, err := child.Output()
	if ctx.Err() != nil {
		return cudaAnswer{}, fmt.Errorf("no answer within %v", probeTime)
	}
	if err != nil {
		return cudaAnswer{}, err
	}
	var a cudaAnswer
	if err := json.Unmarshal(out, &a); err != nil {
		return cudaAnswer{}, errors.New("the answer is not understood")
	}
	return a, nil
}

// count is "no GPU", "1 GPU", "2 GPUs".
func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
