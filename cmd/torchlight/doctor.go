package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/internal/explain"
	"github.com/torchlight-go/torchlight/torch"
)

// diagnosis is what doctor finds.
type diagnosis struct {
	Torchlight string   `json:"torchlight"`
	Go         string   `json:"go"`
	Compiled   string   `json:"compiled"` // version of the libtorch headers
	Loaded     string   `json:"loaded"`   // version of the libtorch libraries
	Libraries  []string `json:"libraries"`
	CPU        string   `json:"cpu"`
	Threads    int      `json:"threads"`
	Processors int      `json:"processors"`
	CUDA       string   `json:"cuda"`
	// Wrong is what keeps Torchlight from working, Notes what slows it down or may
	// surprise.
	Wrong []string `json:"wrong"`
	Notes []string `json:"notes"`
}

func newDoctor() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say which libtorch is in use, and what is wrong with it",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			d := examine(c.Context())
			if asJSON {
				if err := json.NewEncoder(c.OutOrStdout()).Encode(d); err != nil {
					return err
				}
			} else if err := d.print(c.OutOrStdout()); err != nil {
				return err
			}
			for _, w := range d.Wrong {
				fmt.Fprintln(c.ErrOrStderr(), "torchlight: "+w)
			}
			if len(d.Wrong) > 0 {
				return reported(exitFailed)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}

func examine(ctx context.Context) diagnosis {
	d := diagnosis{
		Torchlight: explain.Version(), Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		Processors: runtime.NumCPU(), Libraries: []string{}, Wrong: []string{}, Notes: []string{},
	}
	info, err := torch.Runtime()
	if err == nil {
		err = (&modelFlags{}).setThreads(1) // as explain would
	}
	if err != nil {
		d.Wrong = append(d.Wrong, line(err))
		return d
	}
	d.Compiled, d.Loaded, d.Libraries = info.Version, versionIn(info.Config), info.Libraries
	d.CPU, d.Threads = info.CPU, torch.NumThreads()
	d.CUDA = d.cuda(childCUDA(ctx))
	d.judge(os.Getenv)
	return d
}

// versionIn reads the version of the loaded libraries out of their description.
func versionIn(config string) string {
	_, rest, found := strings.Cut(config, "TORCH_VERSION=")
	if !found {
		return "unknown"
	}
	version, _, _ := strings.Cut(rest, ",")
	return strings.TrimSpace(version)
}

// cuda tells in a few words what the child found.
func (d *diagnosis) cuda(a cudaAnswer, err error) string {
	switch {
	case err != nil:
		d.Notes = append(d.Notes, "asking for CUDA failed ("+line(err)+"); --device cuda will not work, the CPU does.")
		return "unknown"
	case a.Error != "":
		return "not in this libtorch, or not loadable: " + a.Error
	case a.Devices == 0:
		return "in this libtorch, but no GPU is found"
	}
	return count(a.Devices, "GPU")
}

// judge says what is wrong, in one sentence each.
func (d *diagnosis) judge(getenv func(string) string) {
	if d.Loaded != "unknown" && !sameMinor(d.Compiled, d.Loaded) {
		d.Wrong = append(d.Wrong, fmt.Sprintf("compiled against libtorch %s, but libtorch %s is loaded: "+
			"run `make build` again, or take the other one out of LD_LIBRARY_PATH.", d.Compiled, d.Loaded))
	}
	folders := map[string][]string{}
	core := false
	for _, l := range d.Libraries {
		name := filepath.Base(l)
		if strings.HasPrefix(name, "libtorch_cpu.") || strings.HasPrefix(name, "libc10.") {
			folders[filepath.Dir(l)] = append(folders[filepath.Dir(l)], name)
			core = core || strings.HasPrefix(name, "libtorch_cpu.")
		}
	}
	if !core {
		d.Wrong = append(d.Wrong, "libtorch_cpu is not among the loaded libraries: run `make build` again.")
	}
	if len(folders) > 1 {
		d.Wrong = append(d.Wrong, "libtorch_cpu and libc10 come from different folders: take one of them out of LD_LIBRARY_PATH.")
	}
	if d.CPU == "DEFAULT" || d.CPU == "NO AVX" {
		d.Notes = append(d.Notes, "libtorch uses no vector instructions of this processor, so everything is slow.")
	}
	if d.Threads > d.Processors {
		d.Notes = append(d.Notes, fmt.Sprintf("%d threads on %d processors slow each other down: give --threads, or set OMP_NUM_THREADS.", d.Threads, d.Processors))
	}
	if n := getenv("OMP_NUM_THREADS"); n != "" {
		d.Notes = append(d.Notes, "OMP_NUM_THREADS="+n+" sets the threads; --threads goes before it.")
	}
}

// sameMinor says whether two versions agree up to the last number. libtorch keeps
// its binary interface within those.
func sameMinor(a, b string) bool {
	minor := func(v string) string {
		parts := strings.SplitN(v, ".", 3)
		return strings.Join(parts[:min(len(parts), 2)], ".")
	}
	return minor(a) == minor(b)
}

func (d diagnosis) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "torchlight\t%s, %s\n", d.Torchlight, d.Go)
	if d.Compiled != "" {
		fmt.Fprintf(w, "libtorch\t%s, compiled against %s\n", d.Loaded, d.Compiled)
		for _, l := range d.Libraries {
			fmt.Fprintf(w, "library\t%s\n", l)
		}
		fmt.Fprintf(w, "cpu\t%s, %s an operator, %s\n", d.CPU, count(d.Threads, "thread"), count(d.Processors, "processor"))
		fmt.Fprintf(w, "cuda\t%s\n", d.CUDA)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(w, "note\t%s\n", n)
	}
	if len(d.Wrong) == 0 {
		fmt.Fprintln(w, "verdict\tall is well")
	}
	return w.Flush()
}
