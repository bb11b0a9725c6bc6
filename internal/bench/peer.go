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

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/npy"
)

// peer is scripts/bench_peers.py, which times calls of a Python library for each
// line it is sent.
type peer struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
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
	p := &peer{command: exec.CommandContext(ctx, python, "scripts/bench_peers.py", "--out", inputs)}
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
	return p, p.read(&p.ready)
}

func (p *peer) read(into any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("scripts/bench_peers.py stopped: %w", err)
	}
	return json.Unmarshal(line, into)
}

func (p *peer) ask(r request) (answer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return answer{}, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return answer{}, err
	}
	var a answer
	if err := p.read(&a); err != nil {
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

func (p *peer) close() {
	p.in.Close()
	_ = p.command.Wait()
}
