package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/torchlight-go/torchlight/internal/explain"
	"github.com/torchlight-go/torchlight/torch"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of torchlight, libtorch and Go",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			libtorch := "without libtorch"
			if info, err := torch.Runtime(); err == nil {
				libtorch = "libtorch " + info.Version
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "torchlight %s, %s, %s %s/%s\n", explain.Version(), libtorch, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
