package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the generated parts of docs/command.md")

const reference = "../../docs/command.md"

// The flags in the reference are those of the command.
func TestReference(t *testing.T) {
	data, err := os.ReadFile(reference)
	require.NoError(t, err)
	text := string(data)
	for _, c := range newRoot().Commands() {
		if !c.IsAvailableCommand() || c.Name() == "completion" || c.Name() == "help" {
			continue
		}
		c.InitDefaultHelpFlag()
		begin := "<!-- generated: flags of " + c.Name() + "; `go test ./cmd/torchlight -run TestReference -update` -->\n"
		const end = "<!-- end of generated -->\n"
		before, rest, found := strings.Cut(text, begin)
		require.True(t, found, "%s lacks the line %s", reference, begin)
		_, after, found := strings.Cut(rest, end)
		require.True(t, found, "%s lacks the end of %s", reference, begin)
		text = before + begin + "```\n" + c.UseLine() + "\n\n" + c.LocalFlags().FlagUsagesWrapped(120) + "```\n" + end + after
	}
	if *update {
		require.NoError(t, os.WriteFile(reference, []byte(text), 0o644))
		return
	}
	require.Equal(t, text, string(data), "the flags changed: run `go test ./cmd/torchlight -run TestReference -update`")
}
