//go:build cgo

package torch_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// include is the folder of the headers that belong to the libtorch in use.
func include(t *testing.T) string {
	t.Helper()
	info, err := torch.Runtime()
	require.NoError(t, err)
	for _, path := range info.Libraries {
		if strings.HasPrefix(filepath.Base(path), "libtorch_cpu.") {
			return filepath.Join(filepath.Dir(path), "..", "include")
		}
	}
	require.Fail(t, "libtorch_cpu is not among the libraries", "%v", info.Libraries)
	return ""
}

// A model whose operator is missing loads once its library is there, and is
// explained through it. In a process of its own, which then knows the operator.
func TestLoadOps(t *testing.T) {
	compiler := os.Getenv("CXX")
	if compiler == "" {
		compiler = "c++"
	}
	library := filepath.Join(t.TempDir(), "frobnicate.so")
	headers := include(t)
	out, err := exec.Command(compiler, "-std=c++20", "-O0", "-shared", "-fPIC", "-I", headers, "-o", library, "testdata/frobnicate.cc").CombinedOutput()
	require.NoError(t, err, "%s", out)

	said := runChild(t, "load-ops", "TORCHLIGHT_OPS="+library)
	assert.Contains(t, said, "before: true")
	assert.Contains(t, said, "LoadOps: <nil>")
	assert.Contains(t, said, "again: <nil>")
	assert.Contains(t, said, "after: <nil>")
	assert.Contains(t, said, "relative: <nil>")
	assert.Contains(t, said, "gradient doubled: true")
}

func loadOps() {
	ctx := context.Background()
	library := os.Getenv("TORCHLIGHT_OPS")
	path := filepath.Join(models, "broken", "missing_operator.pt")
	_, err := torch.Load(path)
	fmt.Println("before:", err != nil && strings.Contains(err.Error(), "nosuch::frobnicate"))
	say("LoadOps", torch.LoadOps(library))
	say("again", torch.LoadOps(library))
	m, err := torch.Load(path)
	say("after", err)
	path, err = filepath.Abs(filepath.Join(models, "inplace_relu_after", "script.pt")) // the same model without the operator
	say("path", err)
	if err := os.Chdir(filepath.Dir(library)); err != nil {
		say("folder", err)
	}
	say("relative", torch.LoadOps(filepath.Base(library))) // beside one, not on the system's path
	plain, err := torch.Load(path)
	say("plain", err)

	x, err := torch.FromSlice(make([]float32, 3*8*8), 1, 3, 8, 8)
	say("input", err)
	v, err := torch.FromSlice([]float32{1, 0, 0}, 1, 3)
	say("cotangent", err)
	gradient := func(m *torch.Module) []float32 {
		h, err := m.Hook("relu")
		say("hook", err)
		p, err := h.Forward(ctx, x)
		say("forward", err)
		g, err := p.Backward(ctx, v)
		say("backward", err)
		f, err := g[0].Float32s()
		say("gradient", err)
		return f
	}
	twice, once := gradient(m), gradient(plain)
	same := len(once) > 0
	for i := range once {
		same = same && twice[i] == 2*once[i] && once[i] != 0
	}
	fmt.Println("gradient doubled:", same)
	runtime.KeepAlive(v)
}
