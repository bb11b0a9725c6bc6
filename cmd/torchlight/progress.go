package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/torchlight-go/torchlight/gradcam"
)

// patience is how long a method may take before its progress is shown.
const patience = 500 * time.Millisecond

// redraw is how often a bar is drawn anew, at most.
const redraw = 50 * time.Millisecond

// steps is the bar of one method that takes many passes over one batch.
type steps struct {
	method string
	total  int
	begun  time.Time
	bar    *progressbar.ProgressBar // nil until patience has run out
}

// progress shows how far a long method is, on a terminal only. Where there is a bar
// for the inputs the method's share is told beside it.
func (p *printer) progress(g gradcam.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.terminal {
		return
	}
	if p.steps == nil || p.steps.method != g.Method || p.steps.total != g.Total {
		p.endSteps()
		p.steps = &steps{method: g.Method, total: g.Total, begun: time.Now()}
	}
	switch {
	case g.Done >= g.Total:
		p.endSteps()
	case time.Since(p.steps.begun) < patience:
	case p.bar != nil:
		p.bar.Describe(fmt.Sprintf("%s %d%%", g.Method, 100*g.Done/g.Total))
	default:
		if p.steps.bar == nil {
			p.steps.bar = newBar(p.err, g.Total, g.Method)
		}
		_ = p.steps.bar.Set(g.Done)
	}
}

// endSteps takes the method's progress away. The caller holds the lock.
func (p *printer) endSteps() {
	if p.steps == nil {
		return
	}
	if p.steps.bar != nil {
		_ = p.steps.bar.Clear()
		_ = p.steps.bar.Exit()
	} else if p.bar != nil {
		p.bar.Describe("explaining")
	}
	p.steps = nil
}

func newBar(w io.Writer, total int, description string) *progressbar.ProgressBar {
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(description),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(redraw),
		progressbar.OptionFullWidth(),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(),
	)
}
