// Command torchlint checks the project's own rules on the tree it is started in
// and prints what breaks them, one a line. It exits with 1 if anything does.
package main

import (
	"fmt"
	"os"

	"github.com/torchlight-go/torchlight/internal/lint"
)

func main() {
	problems, err := lint.Check(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}
