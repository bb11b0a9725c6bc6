package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
	"github.com/torchlight-go/torchlight/torch"
)

// describe says what the figures of this run are measured with.
func describe(command string, ready facts) figure.Run {
	r := figure.Run{Command: command, Date: time.Now().UTC().Format(time.DateOnly), Cores: runtime.NumCPU(),
		Capability: ready.Capability, Versions: map[string]string{"go": runtime.Version(), "libtorch": torch.LibtorchVersion()}}
	for name, v := range ready.Versions {
		r.Versions[name] = v
	}
	cpu, _ := os.ReadFile("/proc/cpuinfo") // Linux has it, and no other system these fields
	r.CPU = field(string(cpu), "model name")
	memory, _ := os.ReadFile("/proc/meminfo")
	var kib float64
	if _, err := fmt.Sscan(field(string(memory), "MemTotal"), &kib); err == nil {
		r.Memory = float64(int(kib/1024/1024*10)) / 10
	}
	if r.CPU == "" {
		r.CPU = runtime.GOARCH
	}
	return r
}

// field is the first value of "name : value" lines.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
