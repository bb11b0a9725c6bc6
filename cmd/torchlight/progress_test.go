package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/explain"
)

// late makes the method that runs look as if it had run for a while.
func late(p *printer) { p.steps.begun = time.Now().Add(-time.Minute) }

func TestProgressOfALongMethod(t *testing.T) {
	var out, err bytes.Buffer
	p := newPrinter(&out, &err, 1, false)
	p.progress(gradcam.Progress{Method: "rise", Done: 1, Total: 4})
	assert.Nil(t, p.steps, "nobody watches")

	p.terminal = true
	p.progress(gradcam.Progress{Method: "rise", Done: 1, Total: 4})
	assert.Empty(t, err.String(), "a quick method shows nothing")
	late(p)
	p.progress(gradcam.Progress{Method: "rise", Done: 2, Total: 4})
	assert.Contains(t, err.String(), "rise")
	time.Sleep(2 * redraw)
	p.progress(gradcam.Progress{Method: "rise", Done: 3, Total: 4})
	assert.Contains(t, err.String(), "(3/4")
	p.progress(gradcam.Progress{Method: "rise", Done: 4, Total: 4})
	assert.Nil(t, p.steps)

	p.progress(gradcam.Progress{Method: "occlusion", Done: 1, Total: 9})
	p.Explained([]explain.Record{cat(nil)})
	assert.Nil(t, p.steps, "a line takes its place")
	assert.Equal(t, "cat.png: Egyptian cat 0.717 -> out/cat.overlay.png\n", out.String())
}

// Beside the bar of the inputs the method's share is told.
func TestProgressBesideABar(t *testing.T) {
	var out, err bytes.Buffer
	p := newPrinter(&out, &err, 9, false)
	p.terminal, p.bar = true, newBar(&err, 9, "explaining")
	p.progress(gradcam.Progress{Method: "rise", Done: 1, Total: 4})
	late(p)
	time.Sleep(2 * redraw)
	p.progress(gradcam.Progress{Method: "rise", Done: 3, Total: 4})
	assert.Contains(t, err.String(), "rise 75%")
	p.finish(explain.Summary{Explained: 9}, "out")
	assert.Nil(t, p.bar)
	assert.Nil(t, p.steps)
}
