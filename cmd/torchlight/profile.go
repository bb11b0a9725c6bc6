package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/spf13/cobra"
)

// profiles are files for `go tool pprof` about what a command did. The flags are
// hidden: they are for those who work on Torchlight (docs/performance.md).
type profiles struct{ cpu, allocations string }

func (p *profiles) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&p.cpu, "cpuprofile", "", "write a CPU profile to `FILE`")
	fl.StringVar(&p.allocations, "memprofile", "", "write a profile of all allocations to `FILE`")
	_, _ = fl.MarkHidden("cpuprofile"), fl.MarkHidden("memprofile")
}

// of runs something under the profiles that were asked for.
func (p *profiles) of(run func() error) error {
	if p.allocations != "" {
		runtime.MemProfileRate = 4096 // one sample for so many bytes: an image allocates little
	}
	if p.cpu == "" {
		return errors.Join(run(), p.writeMemory())
	}
	f, err := os.Create(p.cpu)
	if err != nil {
		return fmt.Errorf("--cpuprofile: %w; name a file in a folder that is there", err)
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return fmt.Errorf("--cpuprofile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return errors.Join(run(), p.writeMemory())
}

func (p *profiles) writeMemory() error {
	if p.allocations == "" {
		return nil
	}
	f, err := os.Create(p.allocations)
	if err != nil {
		return fmt.Errorf("--memprofile: %w; name a file in a folder that is there", err)
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
