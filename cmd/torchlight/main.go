// Command torchlight explains the decisions of PyTorch models.
//
//	torchlight explain --model M.pt photo.jpg   where the network looked
//	torchlight layers  --model M.pt             what can be explained
//	torchlight methods                          how
//	torchlight doctor                           whether libtorch is in order
//
// docs/command.md is its reference. What belongs here is flags and printing; what
// they are about is done by package internal/explain and those below it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/torchlight-go/torchlight/internal/explain"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitSomeFailed  = 3   // some inputs failed, and each was named
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

func main() { os.Exit(mainCode()) }

// mainCode is main for tests that run the command in a process of its own.
func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A call into libtorch cannot be interrupted: the second signal ends the process.
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, out, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	told := &stdout{Writer: out}
	root.SetOut(told)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if failed := told.err(); failed != nil {
		err = failed
	}
	var code reported
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(stderr, "torchlight: "+line(err))
	switch {
	case errors.Is(err, explain.ErrUsage):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}

// reported ends the command with that exit code. Why was told before.
type reported int

func (r reported) Error() string { return fmt.Sprintf("exit code %d", int(r)) }
