package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/torch"
)

func TestDefaultThreads(t *testing.T) {
	for processors, want := range map[int]int{1: 1, 2: 1, 3: 1, 4: 2, 16: 8} {
		assert.Equal(t, want, defaultThreads(processors, 1), "%d processors", processors)
		assert.Equal(t, 1, defaultThreads(processors, processors), "%d processors", processors)
	}
	assert.Equal(t, 8, defaultThreads(16, 15))
}

func TestAtOnce(t *testing.T) {
	for _, c := range []struct {
		device                               torch.Device
		processors, threads, workers, passes int
	}{
		{torch.CPU, 2, 1, 2, 2},
		{torch.CPU, 2, 2, 1, 1},
		{torch.CPU, 16, 8, 2, 2},
		{torch.CPU, 16, 1, 16, 16},
		{torch.CPU, 4, 64, 1, 1},
		{torch.CPU, 4, 0, 4, 4}, // without libtorch
		{torch.CUDA(0), 16, 8, 16, 1},
	} {
		workers, passes := atOnce(c.device, c.processors, c.threads)
		assert.Equal(t, []int{c.workers, c.passes}, []int{workers, passes}, c)
		if !c.device.IsCUDA() && c.threads <= c.processors {
			assert.LessOrEqual(t, workers*c.threads, c.processors)
		}
	}
}

func TestCount(t *testing.T) {
	assert.Equal(t, "no GPU", count(0, "GPU"))
	assert.Equal(t, "1 thread", count(1, "thread"))
	assert.Equal(t, "2 threads", count(2, "thread"))
}
