//go:build cgo && linux

package torch_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// status reads a size of this process, in bytes: "VmRSS", "VmSize".
func status(name string) int {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kb, _ := strconv.Atoi(strings.Fields(value)[0])
			return kb << 10
		}
	}
	return 0
}

func TestStatus(t *testing.T) {
	require.Positive(t, status("VmRSS"))
	require.Greater(t, status("VmSize"), status("VmRSS"))
	require.Zero(t, status("VmNothing"))
}

// Memory that runs out is an error like any other, and the process goes on.
func TestOutOfMemory(t *testing.T) {
	out := runChild(t, "out-of-memory", "ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1")
	assert.Contains(t, out, "To float64: out of memory: torch: tensor: ")
	assert.Contains(t, out, "use a smaller batch")
	assert.Contains(t, out, "still there: 64")
}

func outOfMemory() {
	const n = 64 << 20
	x, err := torch.FromSlice(make([]uint8, n), n)
	say("FromSlice", err)
	warm, err := x.To(torch.Uint8, torch.CPU) // starts what threads there are
	say("warm", err)
	warm.Close()
	limit := uint64(status("VmSize") + 256<<20)
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	_, err = x.To(torch.Float64, torch.CPU) // 512 MB
	say("To float64", err)
	fmt.Println("still there:", x.Shape()[0]>>20)
}
