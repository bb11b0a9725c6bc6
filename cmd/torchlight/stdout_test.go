package main

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every command that prints fails when it cannot, and says so once.
func TestStdoutThatFails(t *testing.T) {
	for _, args := range [][]string{{"methods"}, {"version"}, {"--help"}, {"completion", "bash"}, {"doctor"}, {"methods", "--json"}} {
		var stderr bytes.Buffer
		assert.Contains(t, []int{exitDone, exitFailed}, run(context.Background(), args, &bytes.Buffer{}, &stderr), args)
		stderr.Reset()
		assert.Equal(t, exitFailed, run(context.Background(), args, failing{}, &stderr), args)
		assert.Equal(t, "torchlight: standard output cannot be written: no space; send it elsewhere\n", stderr.String(), args)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestStdoutStopsTheRun(t *testing.T) {
	s := &stdout{Writer: failing{}}
	stopped := 0
	stopOnFailure(s, func() { stopped++ })
	stopOnFailure(&bytes.Buffer{}, func() { stopped++ })
	for range 3 {
		_, err := s.Write([]byte("x"))
		assert.Error(t, err)
	}
	assert.Equal(t, 1, stopped)
	assert.ErrorContains(t, s.err(), "no space")
}
