package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/dialogue"
	"github.com/torchlight-go/torchlight/npy"
)

type asked struct{ bytes.Buffer }

func (*asked) Close() error { return nil }

// answering is a peer with these lines to say.
func answering(lines ...string) (*peer, *asked) {
	questions := &asked{}
	return &peer{Dialogue: dialogue.Over(peerScript, questions, strings.NewReader(strings.Join(lines, "\n")+"\n"))}, questions
}

func TestPeer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.npy")
	want := engine.Array{Shape: []int{1, 2}, Data: []float32{3, 4}}
	require.NoError(t, npy.WriteFile(path, want))
	p, questions := answering(`{"ms": [3, 4]}`, `{"file": "`+path+`"}`, `{}`, `{"error": "ValueError: no"}`, `{"ms": [1]}`)
	r := explanation{model: "toy", layer: "conv", method: "gradcam", target: 5, batch: 2, threads: 1, size: 8}.request("torch_cam", 2)
	ms, err := p.time(r)
	require.NoError(t, err)
	assert.Equal(t, []float64{3, 4}, ms)
	got, err := p.result(r)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	require.NoError(t, p.write("toy", 8))
	_, err = p.time(r)
	require.EqualError(t, err, "torch_cam: ValueError: no")
	_, err = p.time(r)
	require.EqualError(t, err, "torch_cam: 1 times of 2 calls")
	_, err = p.time(r)
	require.ErrorIs(t, err, io.EOF, "the peer has gone")

	lines := strings.Split(questions.String(), "\n")
	assert.JSONEq(t, `{"do":"time","what":"torch_cam","model":"toy","layer":"conv","method":"gradcam","target":5,"batch":2,"size":8,"threads":1,"n":2}`, lines[0])
	assert.JSONEq(t, `{"do":"write","model":"toy","size":8}`, lines[2])
}
