package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDefaultThreads(t *testing.T) {
	for processors, want := range map[int]int{1: 1, 2: 1, 3: 1, 4: 2, 16: 8} {
		assert.Equal(t, want, defaultThreads(processors), "%d processors", processors)
	}
}

func TestCount(t *testing.T) {
	assert.Equal(t, "no GPU", count(0, "GPU"))
	assert.Equal(t, "1 thread", count(1, "thread"))
	assert.Equal(t, "2 threads", count(2, "thread"))
}
