package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"

	"github.com/torchlight-go/torchlight/internal/dialogue"
)

// peer is scripts/gpu_check_peer.py, whose head explains the lines.
type peer struct {
	*dialogue.Dialogue
	ready ready
}

type ready struct {
	Packages map[string]string
	GPU      string
	Networks []struct{ Name, Layer string }
}

type request struct {
	Do        string `json:"do"`
	What      string `json:"what,omitempty"`
	Network   string `json:"network"`
	Layer     string `json:"layer,omitempty"`
	Target    int    `json:"target"`
	X         string `json:"x,omitempty"`
	Batch     int    `json:"batch,omitempty"`
	Size      int    `json:"size,omitempty"`
	Precision string `json:"precision,omitempty"`
	N         int    `json:"n,omitempty"`
}

type answer struct {
	File, Output, Map string
	MS                []float64
	Error             string
}

func startPeer(ctx context.Context, s settings) (*peer, error) {
	command := exec.CommandContext(ctx, s.python, s.peer, "--out", s.out, "--device", s.device.String(), "--threads", strconv.Itoa(s.threads))
	command.Env = append(os.Environ(), "TQDM_DISABLE=1", "PYTHONWARNINGS=ignore")
	p := &peer{}
	var err error
	if p.Dialogue, err = dialogue.Start("the Python side", command, &p.ready); err != nil {
		return nil, err
	}
	if len(s.only) > 0 {
		p.ready.Networks = slices.DeleteFunc(p.ready.Networks, func(n struct{ Name, Layer string }) bool { return !slices.Contains(s.only, n.Name) })
	}
	return p, nil
}

func (p *peer) ask(r request) (a answer, err error) {
	if err := p.Ask(r, &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}
