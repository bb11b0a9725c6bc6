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
)

// peer is scripts/bench_peers.py, which times one call of a Python library for
// each line it is sent.
type peer struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

type request struct {
	What    string `json:"what"`
	Model   string `json:"model"`
	Layer   string `json:"layer"`
	Batch   int    `json:"batch"`
	Threads int    `json:"threads"`
	N       int    `json:"n"`
}

func startPeer(ctx context.Context, python string) (*peer, error) {
	p := &peer{command: exec.CommandContext(ctx, python, "scripts/bench_peers.py", "--out", "build/bench")}
	p.command.Stderr = os.Stderr
	p.command.Env = append(os.Environ(), "TQDM_DISABLE=1") // pytorch-grad-cam's progress bars
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
		return nil, fmt.Errorf("scripts/bench_peers.py: %w", err)
	}
	var ready struct{ Torch string }
	return p, p.read(&ready)
}

func (p *peer) read(into any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("scripts/bench_peers.py stopped: %w", err)
	}
	return json.Unmarshal(line, into)
}

// time returns the milliseconds of n calls.
func (p *peer) time(r request) ([]float64, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	var answer struct {
		MS    []float64
		Error string
	}
	if err := p.read(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, errors.New(r.What + ": " + answer.Error)
	}
	return answer.MS, nil
}

func (p *peer) close() {
	p.in.Close()
	_ = p.command.Wait()
}
