package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// healthy is a libtorch with which nothing is wrong.
func healthy() diagnosis {
	return diagnosis{
		Torchlight: "v1.0.0", Go: "go1.26 linux/amd64", Compiled: "2.11.0", Loaded: "2.11.0+cpu",
		Libraries: []string{"/opt/lib/libtorch_cpu.so", "/opt/lib/libc10.so", "/usr/lib/libgomp.so.1"},
		CPU:       "AVX2", Threads: 4, Processors: 4,
	}
}

func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		change      func(*diagnosis)
		omp         string
		wrong, note string
	}{
		"healthy":       {},
		"same minor":    {change: func(d *diagnosis) { d.Loaded = "2.11.1" }},
		"no version":    {change: func(d *diagnosis) { d.Loaded = "unknown" }},
		"another minor": {change: func(d *diagnosis) { d.Loaded = "2.1.0" }, wrong: "compiled against libtorch 2.11.0, but libtorch 2.1.0 is loaded"},
		"not loaded":    {change: func(d *diagnosis) { d.Libraries = d.Libraries[1:] }, wrong: "libtorch_cpu is not among the loaded libraries"},
		"mixed": {change: func(d *diagnosis) { d.Libraries[1] = "/usr/lib/libc10.so" },
			wrong: "libtorch_cpu and libc10 come from different folders"},
		"macOS": {change: func(d *diagnosis) {
			d.Libraries = []string{"/opt/lib/libtorch_cpu.dylib", "/opt/lib/libc10.dylib"}
		}},
		"no vectors":  {change: func(d *diagnosis) { d.CPU = "DEFAULT" }, note: "no vector instructions"},
		"crowded":     {change: func(d *diagnosis) { d.Threads = 9 }, note: "9 threads on 4 processors"},
		"environment": {omp: "3", note: "OMP_NUM_THREADS=3"},
	} {
		t.Run(name, func(t *testing.T) {
			d := healthy()
			if c.change != nil {
				c.change(&d)
			}
			d.judge(func(string) string { return c.omp })
			requireOnly(t, c.wrong, d.Wrong)
			requireOnly(t, c.note, d.Notes)
		})
	}
}

// requireOnly wants one sentence that says that, or none.
func requireOnly(t *testing.T, says string, sentences []string) {
	t.Helper()
	if says == "" {
		require.Empty(t, sentences)
		return
	}
	require.Len(t, sentences, 1)
	require.Contains(t, sentences[0], says)
	require.Regexp(t, `\.$`, sentences[0])
}

func TestCUDAInWords(t *testing.T) {
	d := healthy()
	assert.Equal(t, "1 GPU", d.cuda(cudaAnswer{Devices: 1}, nil))
	assert.Equal(t, "8 GPUs", d.cuda(cudaAnswer{Devices: 8}, nil))
	assert.Contains(t, d.cuda(cudaAnswer{}, nil), "no GPU is found")
	assert.Contains(t, d.cuda(cudaAnswer{Error: "no libtorch_cuda"}, nil), "no libtorch_cuda")
	assert.Empty(t, d.Notes)
	assert.Equal(t, "unknown", d.cuda(cudaAnswer{}, errors.New("exit status 2")))
	requireOnly(t, "asking for CUDA failed (exit status 2)", d.Notes)
}

func TestVersionIn(t *testing.T) {
	assert.Equal(t, "2.11.0", versionIn("PyTorch built with:\n  - Build settings: A=1, TORCH_VERSION=2.11.0, USE_CUDA=ON, \n"))
	assert.Equal(t, "2.1.0", versionIn("TORCH_VERSION=2.1.0"))
	assert.Equal(t, "unknown", versionIn("nothing of the kind"))
}

func TestPrintDiagnosis(t *testing.T) {
	d := healthy()
	d.CUDA, d.Notes = "1 GPU", []string{"a note."}
	var out bytes.Buffer
	require.NoError(t, d.print(&out))
	assert.Equal(t, `torchlight  v1.0.0, go1.26 linux/amd64
libtorch    2.11.0+cpu, compiled against 2.11.0
library     /opt/lib/libtorch_cpu.so
library     /opt/lib/libc10.so
library     /usr/lib/libgomp.so.1
cpu         AVX2, 4 threads an operator, 4 processors
cuda        1 GPU
note        a note.
verdict     all is well
`, out.String())
	d.Wrong = []string{"it is broken."}
	out.Reset()
	require.NoError(t, d.print(&out))
	assert.NotContains(t, out.String(), "verdict")
}
