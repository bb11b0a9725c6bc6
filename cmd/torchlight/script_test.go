package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"torchlight": main})
}

// TestUsage runs what needs no libtorch: the same with and without cgo.
func TestUsage(t *testing.T) { runScripts(t, "usage") }

// runScripts runs the transcripts of a folder of testdata. In them $MODELS are the
// tiny models, $SAMPLE is the sample model, $PHOTOS the sample photos and $GOLDEN
// the values of Python. UPDATE_SCRIPTS=1 rewrites the output that they compare with.
func runScripts(t *testing.T, folder string) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", folder),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("ROOT", root)
			e.Setenv("MODELS", filepath.Join(root, "testdata", "models"))
			e.Setenv("GOLDEN", filepath.Join(root, "testdata", "golden"))
			e.Setenv("SAMPLE", filepath.Join(root, "examples", "models", "mobilenet_v2.pt"))
			e.Setenv("PHOTOS", filepath.Join(root, "examples", "photos"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": exit, "told": told, "files": files, "array": array, "like": like, "picture": picture, "write": write,
			"interrupt": interrupt, "sets": sets, "row": row,
		},
	})
}
