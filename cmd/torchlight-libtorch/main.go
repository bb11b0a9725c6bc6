// Command torchlight-libtorch finds or installs the libtorch that torchlight is
// compiled against.
//
//	torchlight-libtorch install           find one or download it; print its folder
//	torchlight-libtorch install --flags F and write the cgo flags of a clone to F
//	torchlight-libtorch env               the same, and print CGO_* exports to evaluate
//
// In a clone, make calls it. A module that imports torchlight is built with
//
//	eval "$(go run github.com/torchlight-go/torchlight/cmd/torchlight-libtorch@latest env)"
//
// It needs no C compiler and no libtorch itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/torchlight-go/torchlight/internal/libtorch"
)

const usage = `usage: torchlight-libtorch install [--flags FILE]   find or download libtorch, print its folder
       torchlight-libtorch env                      the same, and print CGO_* exports for a shell
`

// Exit codes are those of torchlight: 0 done, 1 failed, 2 usage.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	var misuse usageError
	switch {
	case errors.As(err, &misuse):
		fmt.Fprintf(os.Stderr, "%v\n%s", err, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// usageError is a mistake on the command line.
type usageError string

func (e usageError) Error() string { return string(e) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usageError("torchlight-libtorch: no command given")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var file string
	switch args[0] {
	case "install":
		flags.StringVar(&file, "flags", "", "write the cgo flags of a clone to this file")
	case "env":
	case "help", "-h", "--help":
		_, err := io.WriteString(stdout, usage)
		return err
	default:
		return usageError(fmt.Sprintf("torchlight-libtorch: unknown command %q", args[0]))
	}
	if err := flags.Parse(args[1:]); err != nil {
		return usageError("torchlight-libtorch " + args[0] + ": " + err.Error())
	}
	if flags.NArg() > 0 {
		return usageError(fmt.Sprintf("torchlight-libtorch %s: unexpected argument %q", args[0], flags.Arg(0)))
	}

	finder, err := libtorch.NewFinder()
	if err != nil {
		return err
	}
	finder.Flags = file
	finder.Log = func(format string, a ...any) { fmt.Fprintf(stderr, format+"\n", a...) }
	in, err := finder.Install(ctx)
	if err != nil {
		return err
	}
	if args[0] == "env" {
		exports, err := in.Exports(os.Getenv)
		if err != nil {
			return err
		}
		_, err = io.WriteString(stdout, exports)
		return err
	}
	if file != "" {
		wrote, err := libtorch.WriteFlags(file, in)
		if err != nil {
			return err
		}
		if wrote {
			fmt.Fprintf(stderr, "libtorch: %s in %s\n", in.Version, in.Root)
		}
	}
	_, err = fmt.Fprintln(stdout, in.Root)
	return err
}
