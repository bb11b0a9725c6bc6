package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
)

// peer is scripts/gpu_check_peer.py, whose head explains the lines.
type peer struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	ready   ready
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
	p := &peer{command: exec.CommandContext(ctx, s.python, s.peer, "--out", s.out, "--device", s.device.String(), "--threads", strconv.Itoa(s.threads))}
	p.command.Stderr = os.Stderr
	p.command.Env = append(os.Environ(), "TQDM_DISABLE=1", "PYTHONWARNINGS=ignore")
	var err error
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.peer, err)
	}
	if err := p.read(&p.ready); err != nil {
		return nil, err
	}
	if len(s.only) > 0 {
		p.ready.Networks = slices.DeleteFunc(p.ready.Networks, func(n struct{ Name, Layer string }) bool { return !slices.Contains(s.only, n.Name) })
	}
	return p, nil
}

func (p *peer) read(into any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the Python side stopped: %w", err)
	}
	return json.Unmarshal(line, into)
}

func (p *peer) ask(r request) (a answer, err error) {
	line, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return a, fmt.Errorf("the Python side stopped: %w", err)
	}
	if err := p.read(&a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

func (p *peer) close() {
	_ = p.in.Close()
	_ = p.command.Wait()
}
