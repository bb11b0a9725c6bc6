package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/torchlight-go/torchlight/internal/explain"
)

// few inputs are told line by line also on a terminal; for more there is a bar.
const few = 5

// printer tells what was explained: JSON if asked for, else a bar for more than a
// few inputs on a terminal, else lines. Failures and warnings go to stderr.
type printer struct {
	out, err io.Writer
	json     bool
	lines    bool // explained inputs are told on out
	terminal bool // there is somebody to watch on err
	inputs   int

	mu     sync.Mutex
	bar    *progressbar.ProgressBar // of the inputs
	steps  *steps                   // of a long method
	chosen map[string]bool          // defaults that were told
}

func newPrinter(out, err io.Writer, inputs int, asJSON bool) *printer {
	p := &printer{out: out, err: err, json: asJSON, lines: true, inputs: inputs, chosen: map[string]bool{}}
	p.terminal = isTerminal(err) && !(asJSON && isTerminal(out))
	if inputs > few && p.terminal {
		p.bar = newBar(err, inputs, "explaining")
		p.lines = !isTerminal(out)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	if s, ok := w.(*stdout); ok {
		w = s.Writer
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Explained implements explain.Watcher.
func (p *printer) Explained(records []explain.Record) {
	several := records[0].Method != records[len(records)-1].Method // methods explain the input
	for _, r := range records {
		p.tellChoice(r)
		if r.Reason != "" {
			blank := name(r)
			if several {
				blank += " by " + r.Method
			}
			p.warn(fmt.Sprintf("%s: the map is blank (%s): %s", blank, r.Reason, meaning(r)))
		}
		switch {
		case p.json:
			p.printJSON(r)
		case p.lines:
			p.print(describe(r))
		}
	}
	p.advance()
}

// Failed implements explain.Watcher.
func (p *printer) Failed(input string, err error) {
	p.warn(about(input, err))
	p.advance()
}

// tellChoice says once which layer was chosen, and why.
func (p *printer) tellChoice(r explain.Record) {
	if r.LayerChoice == "user" || r.LayerChoice == "model card" || r.LayerChoice == "" || p.chosen[r.Layer] {
		return
	}
	p.chosen[r.Layer] = true
	p.warn("no layer named: " + r.LayerChoice)
}

func (p *printer) print(line string) { p.above(p.out, line) }
func (p *printer) warn(line string)  { p.above(p.err, "torchlight: "+line) }

// above writes a line, above the bar if there is one.
func (p *printer) above(w io.Writer, line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endSteps()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(w, line)
	if p.bar != nil {
		_ = p.bar.RenderBlank()
	}
}

func (p *printer) advance() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Add(1)
	}
}

// finish takes the bar away and tells what it stood for.
func (p *printer) finish(sum explain.Summary, folder string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endSteps()
	if p.bar == nil {
		return
	}
	_ = p.bar.Clear()
	_ = p.bar.Exit()
	p.bar = nil
	if !p.lines && !p.json {
		fmt.Fprintf(p.out, "%d of %d inputs explained -> %s\n", sum.Explained, p.inputs, folder)
	}
}

// logger prints warnings as the printer's own.
func (p *printer) logger() *slog.Logger { return slog.New(warnings{p}) }

// warnings is a slog.Handler without groups.
type warnings struct{ printer *printer }

func (warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (h warnings) WithAttrs([]slog.Attr) slog.Handler         { return h }
func (h warnings) WithGroup(string) slog.Handler              { return h }

func (h warnings) Handle(_ context.Context, r slog.Record) error {
	text := packages().ReplaceAllString(r.Message, "$1")
	r.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(" (%s %v)", a.Key, a.Value)
		return true
	})
	h.printer.warn(text)
	return nil
}

func (p *printer) printJSON(r explain.Record) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		p.warn(about(r.Input, err))
		return
	}
	p.print(strings.TrimSuffix(b.String(), "\n"))
}

// describe is the line of one sample:
//
//	cat.png: Egyptian cat 0.717 -> out/cat.overlay.png
//	cat.png: tabby 0.130, and not Egyptian cat 0.717 -> out/cat.overlay.png
//	cat.png: margin:285-281 1.711, Egyptian cat 0.717 -> out/cat.overlay.png
func describe(r explain.Record) string {
	t := r.Target
	var words []string
	if t.Index == nil || t.Explained != strconv.Itoa(*t.Index) {
		words = append(words, fmt.Sprintf("%s %.4g", t.Explained, t.Score))
	}
	if t.Index != nil {
		words = append(words, fmt.Sprintf("%s %.3f", className(*t.Index, t.Label), *t.Probability))
		if len(r.Top) > 0 && r.Top[0].Index != *t.Index {
			words = append(words, fmt.Sprintf("and not %s %.3f", className(r.Top[0].Index, r.Top[0].Label), r.Top[0].Probability))
		}
	}
	return fmt.Sprintf("%s: %s -> %s", name(r), strings.Join(words, ", "), r.Files[0])
}

func className(index int, label string) string {
	if label != "" {
		return label
	}
	return fmt.Sprintf("class %d", index)
}

// name is the input, with the sample's number where there are several.
func name(r explain.Record) string {
	if r.Samples > 1 {
		return fmt.Sprintf("%s[%d]", r.Input, r.Sample)
	}
	return r.Input
}
