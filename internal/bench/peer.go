package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/dialogue"
	"github.com/torchlight-go/torchlight/npy"
)

const peerScript = "scripts/bench_peers.py"

// peer is that script, which times calls of a Python library for each
// line it is sent.
type peer struct {
	*dialogue.Dialogue
	// ready is what it said first: facts about the machine and versions.
	ready facts
}

type facts struct {
	Capability string            `json:"capability"`
	Versions   map[string]string `json:"versions"`
}

// request is a line to scripts/bench_peers.py, whose head explains it.
type request struct {
	Do      string `json:"do"` // time, result or write
	What    string `json:"what,omitempty"`
	Model   string `json:"model"`
	Layer   string `json:"layer,omitempty"`
	Method  string `json:"method,omitempty"`
	Target  int    `json:"target,omitempty"`
	Batch   int    `json:"batch,omitempty"`
	Size    int    `json:"size,omitempty"`
	Threads int    `json:"threads,omitempty"`
	N       int    `json:"n,omitempty"`
}

type answer struct {
	MS    []float64
	File  string
	Error string
}

func startPeer(ctx context.Context, python string) (*peer, error) {
	command := exec.CommandContext(ctx, python, peerScript, "--out", inputs)
	command.Env = append(os.Environ(), "TQDM_DISABLE=1") // pytorch-grad-cam's progress bars
	p := &peer{}
	var err error
	p.Dialogue, err = dialogue.Start(peerScript, command, &p.ready)
	return p, err
}

func (p *peer) ask(r request) (answer, error) {
	var a answer
	if err := p.Ask(r, &a); err != nil {
		return answer{}, err
	}
	if a.Error != "" {
		return answer{}, errors.New(r.What + ": " + a.Error)
	}
	return a, nil
}

// time returns the milliseconds of r.N calls.
func (p *peer) time(r request) ([]float64, error) {
	r.Do = "time"
	a, err := p.ask(r)
	if err == nil && len(a.MS) != r.N {
		err = fmt.Errorf("%s: %d times of %d calls", r.What, len(a.MS), r.N)
	}
	return a.MS, err
}

// result is what the last call returned: maps, or the scores of the class.
func (p *peer) result(r request) (engine.Array, error) {
	r.Do = "result"
	a, err := p.ask(r)
	if err != nil {
		return engine.Array{}, err
	}
	return npy.ReadFile(a.File)
}

// write makes the files of a model and the images of a size, unless they are there.
func (p *peer) write(model string, size int) error {
	_, err := p.ask(request{Do: "write", Model: model, Size: size})
	return err
}
