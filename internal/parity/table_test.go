package parity

import (
	"fmt"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/gradcam"
)

// comparison names a line of the table.
type comparison struct {
	// what is a method, with its smoothing if any, a target or a peer's
	// conventions.
	what, oracle string
	tolerance    float64
}

// entry is a line of the table.
type entry struct {
	comparison
	nets, forms []string
	// Largest differences: absolute and relative with the operators of the file,
	// relative in frozen files and folded.
	absolute, exact, folded float64
	// loosest is the largest difference that was let pass with the operators of
	// the file.
	loosest          float64
	compared, failed bool
	reasons          []reason
}

// reason is why something is not compared, and where: networks and layers, or
// nowhere for all.
type reason struct {
	text   string
	places []string
}

// table says how every comparison came out.
type table struct{ entries []*entry }

func (t *table) entry(c comparison) *entry {
	for _, e := range t.entries {
		if e.what == c.what && e.oracle == c.oracle {
			e.tolerance = max(e.tolerance, c.tolerance)
			return e
		}
	}
	e := &entry{comparison: c}
	t.entries = append(t.entries, e)
	return e
}

// note takes in one difference. folded says that batch norms were folded.
func (t *table) note(c comparison, net, form string, folded bool, absolute, relative, limit float64) {
	e := t.entry(c)
	e.compared = true
	e.nets, e.forms = with(e.nets, net), with(e.forms, form)
	e.failed = e.failed || !(relative <= limit)
	if folded {
		e.folded = max(e.folded, relative)
		return
	}
	e.loosest = max(e.loosest, limit)
	e.absolute, e.exact = max(e.absolute, absolute), max(e.exact, relative)
}

// reason notes why something is not compared at a place.
func (t *table) reason(c comparison, place, text string) {
	e := t.entry(c)
	i := slices.IndexFunc(e.reasons, func(r reason) bool { return r.text == text })
	if i < 0 {
		i, e.reasons = len(e.reasons), append(e.reasons, reason{text: text})
	}
	if place != "" {
		e.reasons[i].places = with(e.reasons[i].places, place)
	}
}

func (r reason) String() string {
	if len(r.places) == 0 {
		return r.text
	}
	return strings.Join(r.places, ", ") + ": " + r.text
}

func with(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (e *entry) verdict() string {
	switch {
	case e.failed:
		return "differs"
	case e.compared:
		return "equal"
	default:
		return "not comparable"
	}
}

// The parts of the table.
const (
	methodsPart = "Methods"
	peersPart   = "Conventions of the peers"
	targetsPart = "Targets"
)

func (e *entry) part() string {
	switch {
	case strings.HasPrefix(e.what, "target "):
		return targetsPart
	case strings.Contains(e.what, "--compat"):
		return peersPart
	default:
		return methodsPart
	}
}

// order sorts methods as the catalogue lists them; what is no method comes last.
func (t *table) order() {
	var names []string
	for _, m := range gradcam.Methods() {
		names = append(names, m.Name())
	}
	rank := func(e *entry) int {
		method, _, _ := strings.Cut(e.what, ",")
		if i := slices.Index(names, method); i >= 0 {
			return i
		}
		return len(names)
	}
	slices.SortStableFunc(t.entries, func(a, b *entry) int { return rank(a) - rank(b) })
}

// text is the table for people at a terminal, with the differences as measured.
func (t *table) text() string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n%-36s %-24s %9s %9s %9s %9s  %-14s %s\n", "method", "oracle", "absolute", "relative", "folded", "limit", "verdict", "networks; files; not comparable")
	for _, e := range t.entries {
		var reasons []string
		for _, r := range e.reasons {
			reasons = append(reasons, r.String())
		}
		fmt.Fprintf(&s, "%-36s %-24s %9.1e %9.1e %9.1e %9.0e  %-14s %s; %s; %s\n", e.what, e.oracle, e.absolute, e.exact, e.folded, e.loosest,
			e.verdict(), strings.Join(e.nets, " "), strings.Join(e.forms, " "), strings.Join(reasons, "; "))
	}
	return s.String()
}
