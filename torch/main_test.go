//go:build cgo

package torch_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/torchlight-go/torchlight/cgo"
)

// childEnv makes the test binary run one of the children instead of the tests:
// some things can be seen only in a process that has not used libtorch yet, or
// that may be lost.
const childEnv = "TORCHLIGHT_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		children[name]()
		os.Exit(0)
	}
	code := m.Run()
	if code == 0 && !allFreed() {
		fmt.Printf("objects of libtorch are alive at the end of the tests: %+v\n", cgo.LiveCounts())
		code = 1
	}
	os.Exit(code)
}

// allFreed reports whether everything that the tests forgot was collected.
func allFreed() bool {
	for range 100 {
		runtime.GC()
		if cgo.LiveCounts() == (cgo.Live{}) {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// runChild runs a child in a process of its own and returns what it printed.
func runChild(t *testing.T, name string, env ...string) string {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(append(os.Environ(), childEnv+"="+name), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("child %s: %v\n%s", name, err, out)
	}
	return string(out)
}
