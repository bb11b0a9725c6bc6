package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// folders compare the command on a folder of photos with a script around
// pytorch-grad-cam and a DataLoader (scripts/folder_peer.py), in the configuration that
// is fastest here. The first is the library as it documents itself.
func folders() []measurement {
	name := func(what string) string { return fmt.Sprintf("folder mobilenet_v2%s, %d photos", what, folderPhotos) }
	measure := func(flags ...string) func(context.Context, *bench) (figure.Figure, error) {
		return func(ctx context.Context, b *bench) (figure.Figure, error) { return b.folder(ctx, flags) }
	}
	return []measurement{
		{name(""), false, measure()},
		{name(", overlays of the photos' size on both sides"), false, measure("--whole")},
		{name(", the peer's backward pass ended at the layer"), false, measure("--frozen")},
	}
}

// choice is a configuration of the peer, as it prints it.
type choice struct {
	Workers int     `json:"workers"`
	Batch   int     `json:"batch"`
	Threads int     `json:"threads"`
	Images  int     `json:"images"`
	Seconds float64 `json:"seconds"` // without the start
}

func (c choice) flags() []string {
	return []string{"--workers", strconv.Itoa(c.Workers), "--batch", strconv.Itoa(c.Batch), "--threads", strconv.Itoa(c.Threads)}
}

// folder measures both sides in turn. Ours is the time of the whole process; the peer's
// begins when it has imported its libraries and loaded the model.
func (b *bench) folder(ctx context.Context, flags []string) (figure.Figure, error) {
	f := figure.Figure{
		Part: partFolder, Model: "mobilenet_v2", Layer: "features.18", Method: "gradcam", Batch: 1, Threads: 2, Images: folderPhotos, Rounds: 2, Calls: 1,
	}
	if b.rounds > 0 {
		f.Rounds = b.rounds
	}
	work, err := os.MkdirTemp("", "bench")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(work)
	photos, ours, theirs := filepath.Join(work, "photos"), filepath.Join(work, "ours"), filepath.Join(work, "theirs")
	if err := os.Mkdir(photos, 0o777); err != nil {
		return f, err
	}
	if err := writePhotos(photos, folderPhotos); err != nil {
		return f, err
	}
	own := onTwoCores("bin/torchlight", "explain", "--model", sample, "--out", ours, photos)
	peer := append(onTwoCores(b.python, "scripts/folder_peer.py", "--weights", sample, "--out", theirs, photos), flags...)
	best, err := runPeer(ctx, append(peer, "--search", "64"))
	if err != nil {
		return f, err
	}
	fmt.Fprintf(os.Stderr, "bench: pytorch-grad-cam %s is fastest with %s\n", strings.Join(flags, " "), strings.Join(best.flags(), " "))
	peer = append(peer, best.flags()...)
	var ms, peerMS []float64
	for range f.Rounds {
		u, err := runProcess(ctx, own)
		if err != nil {
			return f, err
		}
		p, err := runPeer(ctx, peer)
		if err != nil {
			return f, err
		}
		if p.Images != folderPhotos {
			return f, fmt.Errorf("the peer explained %d photos of %d", p.Images, folderPhotos)
		}
		ms, peerMS = append(ms, u.ms), append(peerMS, 1000*p.Seconds)
	}
	f.Set(figure.Own, ms, nil)
	f.Set("pytorch_grad_cam_ms", peerMS, ms)
	difference, err := compareFolders(ours, theirs, folderPhotos)
	f.Differences = map[string]float64{"pytorch_grad_cam": difference}
	return f, err
}

// onTwoCores keeps a command to two cores where there are more.
func onTwoCores(command ...string) []string {
	if taskset, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 2 {
		return append([]string{taskset, "-c", "0,1"}, command...)
	}
	return command
}

// runPeer runs the peer and reads the last line that it prints.
func runPeer(ctx context.Context, command []string) (choice, error) {
	var c choice
	u, err := runProcess(ctx, command)
	if err != nil {
		return c, err
	}
	lines := bytes.Split(bytes.TrimSpace(u.out), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &c); err != nil {
		return c, fmt.Errorf("%s printed %q: %w", command[1], lines[len(lines)-1], err)
	}
	return c, nil
}
