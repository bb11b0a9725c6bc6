package dialogue

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Dialogue is a process that is asked one question at a time.
type Dialogue struct {
	name    string
	command *exec.Cmd // nil where the lines come from elsewhere
	in      io.WriteCloser
	out     *bufio.Reader
}

// Over speaks over streams that are open already; errors call the other side name.
func Over(name string, in io.WriteCloser, out io.Reader) *Dialogue {
	return &Dialogue{name: name, in: in, out: bufio.NewReader(out)}
}

// Start starts the process and reads its first line into first. What it writes to its
// standard error goes to ours.
func Start(name string, command *exec.Cmd, first any) (*Dialogue, error) {
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d := Over(name, in, out)
	d.command = command
	if err := d.read(first); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Ask sends a question and reads the answer.
func (d *Dialogue) Ask(question, answer any) error {
	line, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		return d.stopped(err)
	}
	return d.read(answer)
}

func (d *Dialogue) read(into any) error {
	line, err := d.out.ReadBytes('\n')
	if err != nil {
		return d.stopped(err)
	}
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("%s answered %.80q: %w", d.name, line, err)
	}
	return nil
}

func (d *Dialogue) stopped(err error) error { return fmt.Errorf("%s stopped: %w", d.name, err) }

// Close ends the process and waits for it.
func (d *Dialogue) Close() {
	_ = d.in.Close()
	if d.command != nil {
		_ = d.command.Wait()
	}
}
